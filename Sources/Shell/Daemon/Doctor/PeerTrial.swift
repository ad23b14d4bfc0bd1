import BGPFSM
import BGPTransport
import BGPWire
import Diagnosis
import IPTypes
import NIOCore
import Netlink
import Settings

/// One dial to a router, to see how far it gets: TCP comes up, the router sends its OPEN. Nothing is sent but what TCP
/// needs, so that no session begins. A router that does not answer is dialled again in other ways. All on one loop.
final class PeerTrial: @unchecked Sendable {
    private let settings: PeerSettings
    private let endpoint: PeerEndpoint
    private let loop: any EventLoop
    private let done: @Sendable (PeerFacts) -> Void
    private var facts = PeerFacts()
    private var connections: [PeerConnection] = []
    private var isDone = false

    /// After so long without an answer the other ways are tried too.
    private static let patience = TimeAmount.milliseconds(1000)
    /// So long the router has for its OPEN.
    private static let openPatience = TimeAmount.milliseconds(1200)
    /// The kernel takes three seconds to notice that nothing answers ARP.
    private static let longestDial = Duration.milliseconds(3300)

    init(
        _ settings: PeerSettings, localAS: ASNumber, on loop: any EventLoop,
        done: @escaping @Sendable (PeerFacts) -> Void
    ) {
        self.settings = settings
        self.loop = loop
        self.done = done
        endpoint = PeerEndpoint(of: settings, at: settings.address, localAS: localAS)
    }

    /// Dials as the settings say.
    func start() {
        var endpoint = endpoint
        endpoint.connectTimeout = Self.longestDial
        dial(endpoint) { trial, event in trial.take(event) }
        loop.scheduleTask(in: Self.patience) { [self] in
            if !isDone, facts.endpoints == nil { startVariants() }
        }
    }

    /// Dials in the other ways alone, of a router that is known not to answer.
    func startVariants() {
        var unsigned = endpoint
        unsigned.md5Key = nil
        if endpoint.md5Key != nil { attempt(unsigned, as: .unsigned) }
        var anyTTL = endpoint
        anyTTL.hops = .multihop(255)
        switch endpoint.hops {
        case .direct, .ttlSecurity: attempt(anyTTL, as: .anyTTL)
        case .kernelDefault, .multihop: break
        }
    }

    /// Ends it with what is known.
    func stop() {
        guard !isDone else { return }
        isDone = true
        for connection in connections { connection.abort() }
        done(facts)
    }

    private func attempt(_ endpoint: PeerEndpoint, as variant: PeerFacts.Variant) {
        dial(endpoint) { trial, event in
            if case .connected = event { trial.facts.answersTo.insert(variant) }
        }
    }

    private func dial(_ endpoint: PeerEndpoint, _ take: @escaping @Sendable (PeerTrial, ConnectionEvent) -> Void) {
        connections.append(
            PeerConnection.dial(endpoint, on: loop) { [self] _, event in
                if !isDone { take(self, event) }
            })
    }

    private func take(_ event: ConnectionEvent) {
        switch event {
        case .unanswered, .acknowledged: return
        case .connected(let endpoints):
            facts.endpoints = endpoints
            loop.scheduleTask(in: Self.openPatience) { [self] in
                guard !isDone else { return }
                facts.end = .holdTimeExpired(seconds: 1, in: .openSent)
                stop()
            }
            return
        case .received(.open(let open)): facts.open = open
        case .received(.notification(let notification)): facts.end = .notificationReceived(notification)
        case .received: break
        case .malformed(let error):
            facts.end = .notificationSent(error.notification, explanation: error.explanation)
        case .ended(let failure):
            facts.end =
                facts.endpoints == nil
                ? .transport(
                    failure.explained(by: pathFacts(to: settings.address), isForOneHop: endpoint.hops == .direct))
                : .closedBeforeOpen(failure)
        }
        stop()
    }
}
