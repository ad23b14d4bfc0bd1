import BGPFSM
import BGPTransport
import BGPWire
import Diagnosis
import IPTypes
import NIOCore
import Netlink
import Settings
import SpeakerCore

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
    /// So long the router has for its OPEN, and then for sending it once more because it does not hear us.
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
        endpoint = PeerEndpoint(by: PeerTransport(settings, localAS: localAS), at: settings.address)
    }

    /// Dials as the settings say.
    func start() {
        var endpoint = endpoint
        endpoint.connectTimeout = Self.longestDial
        dial(endpoint) { trial, connection, event in trial.take(event, on: connection) }
        loop.scheduleTask(in: Self.patience) { [self] in
            if !isDone, facts.endpoints == nil { startVariants() }
        }
    }

    /// Dials in the other ways alone, of a router that is known not to answer.
    func startVariants() {
        var unsigned = endpoint
        unsigned.md5Key = nil
        if endpoint.md5Key != nil { attempt(unsigned, as: .unsigned) }
        if let anyTTL { attempt(anyTTL, as: .anyTTL) }
    }

    /// The endpoint that passes TTL security at the router and has none itself; nil if it is worth no try.
    private var anyTTL: PeerEndpoint? {
        var anyTTL = endpoint
        anyTTL.hops = .multihop(255)
        switch endpoint.hops {
        case .direct, .ttlSecurity: return anyTTL
        case .kernelDefault, .multihop: return nil
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
        dial(endpoint) { trial, _, event in
            if case .connected = event { trial.facts.answersTo.insert(variant) }
        }
    }

    private func dial(
        _ endpoint: PeerEndpoint, _ take: @escaping @Sendable (PeerTrial, PeerConnection, ConnectionEvent) -> Void
    ) {
        connections.append(
            PeerConnection.dial(endpoint, on: loop) { [self] connection, event in
                if !isDone { take(self, connection, event) }
            })
    }

    /// The router has sent its OPEN. With TTL security on one side alone it may have got our SYN and nothing after it; then it
    /// sends the OPEN again and again.
    private func listen(_ connection: PeerConnection) {
        guard endpoint.hops == .direct else { return stop() }
        isHeard(on: connection) { trial, isHeard in
            guard !isHeard else { return trial.stop() }
            trial.facts.end = .transport(.unacknowledged)
            trial.dialAnyTTL(after: connection)
        }
    }

    /// Dials again to see whether it is TTL security, after a connection that came to nothing.
    private func dialAnyTTL(after connection: PeerConnection) {
        guard let anyTTL else { return stop() }
        // Or the router might keep this connection, and take no other.
        connection.raiseHopLimit()
        connection.abort()
        dial(anyTTL) { trial, connection, event in
            switch event {
            case .received(.open):
                trial.isHeard(on: connection) { trial, isHeard in
                    if isHeard { trial.facts.answersTo.insert(.anyTTL) }
                    trial.stop()
                }
            case .received, .malformed, .ended: trial.stop()
            case .connected, .unanswered, .openAcknowledged, .acknowledged: break
            }
        }
    }

    /// Whether the router, which has sent its OPEN on this connection, gets our acknowledgement of it.
    private func isHeard(
        on connection: PeerConnection, _ done: @escaping @Sendable (PeerTrial, Bool) -> Void
    ) {
        let segments = connection.receivedSegments
        loop.scheduleTask(in: Self.openPatience) { [self] in
            if !isDone { done(self, connection.receivedSegments == segments) }
        }
    }

    private func take(_ event: ConnectionEvent, on connection: PeerConnection) {
        switch event {
        case .unanswered, .openAcknowledged, .acknowledged: return
        case .connected(let endpoints):
            facts.endpoints = endpoints
            loop.scheduleTask(in: Self.openPatience) { [self] in
                guard !isDone, facts.open == nil else { return }
                facts.end = .holdTimeExpired(seconds: 1, in: .openSent)
                dialAnyTTL(after: connection)
            }
            return
        case .received(.open(let open)):
            facts.open = open
            return listen(connection)
        case .received(.notification(let notification)): facts.end = .notificationReceived(notification)
        case .received: break
        case .malformed(let error):
            facts.end = .notificationSent(error.notification, explanation: error.explanation)
        case .ended(let failure) where facts.open == nil:
            facts.end =
                facts.endpoints == nil
                ? .transport(
                    failure.explained(by: pathFacts(to: settings.address), isForOneHop: endpoint.hops == .direct))
                : .closedBeforeOpen(failure)
        // The router has sent its OPEN: what it does then is another matter.
        case .ended: break
        }
        stop()
    }
}
