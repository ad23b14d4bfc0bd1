import BFD
import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Settings

@testable import SpeakerCore

/// A speaker on a node where everything works at once: kernels, networks and routers do what they are asked.
struct IdealNode {
    private var effectLoop: EffectLoop
    var now = Rack.start
    /// What is open.
    var resources: [Resource.ID: Resource] = [:]
    /// The addresses on the interface, and whether they have global scope.
    var bound: [IPPrefix: Bool] = [:]
    /// What each router has learned on its present connection.
    var routes: [ScopedAddress: [IPPrefix: [PathAttribute]]] = [:]
    /// The peers whose connections were opened or ended.
    var disturbed: Set<ScopedAddress> = []
    /// What was done out of turn, in words.
    var faults: [String] = []
    private var updates: [ScopedAddress: Int] = [:]
    /// How many events of each peer's session wait for their turn.
    private var waiting: [ScopedAddress: Int] = [:]

    var speaker: Speaker { effectLoop.speaker }

    init(_ settings: Settings, seed: UInt64) {
        var speaker = Speaker(hostName: nil, seed: seed, at: now)
        // So that what is told of a few VIPs takes several turns, as otherwise of thousands.
        if seed % 4 > 0 { speaker.portion = Int(seed % 4) }
        effectLoop = EffectLoop(speaker)
        take(.intended(settings))
        take(.started)
    }

    mutating func take(_ input: Input) {
        if case .session(let peer, _) = input { waiting[peer, default: 0] += 1 }
        guard effectLoop.add(input) else { return }
        while let turn = effectLoop.next(at: now) {
            if case .session(let peer, _) = turn.input { waiting[peer, default: 0] -= 1 }
            for effect in turn.effects { perform(effect) }
            dialPassivePeers()
        }
    }

    /// Lets time pass.
    mutating func run(for duration: Duration) {
        let end = now + duration
        while let next = effectLoop.nextDeadline, next <= end {
            now = max(now, next)
            take(.deadlineReached)
        }
        now = end
    }

    private mutating func perform(_ effect: Effect) {
        switch effect {
        case .open(let resource):
            if resources.updateValue(resource, forKey: resource.id) != nil { faults.append("\(resource.id) was open") }
            answer(resource)
        case .change(let resource):
            if resources.updateValue(resource, forKey: resource.id) == nil {
                faults.append("\(resource.id) was not open")
            }
            answer(resource)
        case .close(let id):
            if resources.removeValue(forKey: id) == nil { faults.append("\(id) was not open to be closed") }
        case .session(let peer, let action): perform(action, of: peer)
        case .bfd(let peer, let packet): answer(packet, to: peer)
        case .runProgram: take(.programEnded(failure: nil))
        case .awaitAcknowledgement(let peer, let round, _): take(.acknowledged(peer, round: round, true))
        case .probe(let name):
            guard case .probe(let check)? = resources[.probe(name)] else { return faults.append("\(name) is not open") }
            take(
                .check(
                    name,
                    .outcome(check.isDoomed ? .failed(reason: "refused", definitive: true) : .passed, took: .zero)))
        case .bind(let prefixes, let globalScope):
            for prefix in prefixes { bound[prefix] = globalScope }
            take(.bound(prefixes))
        case .unbind(let prefixes):
            for prefix in prefixes { bound[prefix] = nil }
            take(.unbound(prefixes))
        case .report, .exit, .exitStillBound: break
        }
    }

    /// Of the addresses that are left to others, this node has those with an even last bit.
    private mutating func answer(_ resource: Resource) {
        guard case .locality(let prefixes) = resource else { return }
        let local = prefixes.filter { $0.address.bytes.last.map { $0 % 2 == 0 } ?? false }
        take(.localityFound(local.sorted(), isLocal: true))
        take(.localityFound(prefixes.subtracting(local).sorted(), isLocal: false))
    }

    /// A router's BFD comes up at once and goes on for as long as ours does.
    private mutating func answer(_ packet: BFDPacket, to peer: ScopedAddress) {
        guard case .bfd(let path)? = resources[.bfd(peer)] else {
            return faults.append("BFD without a path to \(peer)")
        }
        guard packet.state != .adminDown else { return }
        let answer = BFDPacket(
            state: packet.state == .down ? .initializing : .up, isFinal: packet.isPoll, multiplier: 3,
            myDiscriminator: 5, yourDiscriminator: packet.myDiscriminator, desiredMinTx: 50_000, requiredMinRx: 50_000)
        let router = IPAddress.v6(IPv6Address(high: 0xFE80 << 48, low: 1))
        let source = peer.isUnnumbered ? ScopedAddress(router, zone: peer.zone) : peer
        take(.bfdReceived(answer, from: source, isMultihop: path.isMultihop))
    }

    private mutating func perform(_ action: PeerSession.Action, of peer: ScopedAddress) {
        switch action {
        case .connect:
            if resources[.transport(peer)] == nil { faults.append("a dial without a transport to \(peer)") }
            disturbed.insert(peer)
            take(.session(peer, .tcpConnected(.outgoing, endpoints(of: peer))))
        case .send(.open, let direction):
            take(.session(peer, .received(.open(open(of: peer)), direction)))
        case .send(.keepalive, let direction):
            take(.session(peer, .received(.keepalive, direction)))
        case .send(.update(let update), _):
            for prefix in update.allWithdrawn { routes[peer]?[prefix] = nil }
            for prefix in update.allAnnounced { routes[peer, default: [:]][prefix] = update.attributes.withoutRoutes }
            updates[peer, default: 0] += 1
            take(.updatesAcknowledged(peer, updates[peer] ?? 0))
        case .close, .abort, .rejectIncoming:
            routes[peer] = nil
            updates[peer] = nil
            disturbed.insert(peer)
            take(.connectionClosed(peer))
        case .send, .windowProbe, .established, .routesRequested, .ended: break
        }
    }

    /// A router whose peer waits dials.
    private mutating func dialPassivePeers() {
        for peer in speaker.peers where peer.settings.isPassive && peer.session.state == .active {
            let address = peer.settings.address
            if waiting[address, default: 0] == 0 {
                take(.session(address, .tcpConnected(.incoming, endpoints(of: address))))
            }
        }
    }

    private func endpoints(of peer: ScopedAddress) -> Endpoints {
        let four = IPAddress.v4(IPv4Address(0x0A00_0064))
        let six = IPAddress.v6(IPv6Address(high: 0x2001_0DB8 << 32, low: 0x64))
        var endpoints = Endpoints(
            local: peer.address.isIPv4 ? four : six, remote: peer.address, alternate: peer.address.isIPv4 ? six : four)
        endpoints.isSigned = speaker.settings.peers.first { $0.address == peer }?.password != nil
        return endpoints
    }

    /// A router that is what we expect it to be, and knows everything.
    private func open(of peer: ScopedAddress) -> Open {
        let settings = speaker.settings.peers.first { $0.address == peer }
        let ours = settings?.localAS ?? speaker.settings.localAS
        let number: ASNumber =
            switch settings?.peerAS {
            case .exactly(let number)?: number
            case .internal?: ours
            case .external?, nil: ASNumber(64999)
            }
        return Open(
            myAS: UInt16(number.value), holdTime: 90, identifier: BGPIdentifier(99),
            parameters: [
                .capabilities([
                    .multiprotocol(.ipv4Unicast), .multiprotocol(.ipv6Unicast), .routeRefresh,
                    .fourOctetAS(number),
                ])
            ])
    }
}

extension [PathAttribute] {
    /// The attributes without the prefixes that share the UPDATE.
    fileprivate var withoutRoutes: [PathAttribute] {
        map { attribute in
            guard case .mpReach(var reach) = attribute.value else { return attribute }
            reach.nlri = []
            return PathAttribute(flags: attribute.flags, value: .mpReach(reach))
        }
    }
}
