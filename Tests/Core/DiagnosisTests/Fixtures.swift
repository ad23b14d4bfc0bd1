import BGPFSM
import BGPWire
import Health
import IPTypes
import Settings
import SpeakerCore

@testable import Diagnosis

/// A healthy node before its daemon starts, to be made ill.
enum Healthy {
    static let tor = ScopedAddress(address("10.0.0.1"))
    static let vip = address("10.255.0.1")

    static func address(_ text: String) -> IPAddress { IPAddress(text) ?? .v4(IPv4Address(0)) }

    static var facts: Facts {
        let check = Check(
            name: "api",
            kind: .http(
                HTTPCheck(
                    target: SocketTarget(address: address("127.0.0.1"), port: 6443), path: "/readyz", host: "127.0.0.1",
                    tls: HTTPCheck.TLSOptions(verifies: false))))
        var facts = Facts(
            settings: Settings(
                localAS: ASNumber(65001), vips: [VIPSettings(prefix: IPPrefix(host: vip), checks: ["api"])],
                checks: [check], peers: [PeerSettings(address: tor, peerAS: .exactly(ASNumber(65000)))]))
        facts.node.view = NodeView(
            interfaces: ["lo", "eth0"], routerID: RouterID(BGPIdentifier(0x0A00_0002)), routerIDInterface: "eth0")
        facts.node.addresses = [
            NodeFacts.Address(address("127.0.0.1"), 8, on: "lo"),
            NodeFacts.Address(address("10.0.0.2"), 24, on: "eth0"),
        ]
        facts.node.listening = [6443: [address("0.0.0.0")]]
        facts.node.interfaces = [tor: "eth0"]
        facts.node.rpFilter = ["lo": 0, "eth0": 0]
        facts.node.arpIgnore = ["lo": 0, "eth0": 0]
        facts.checks["api"] = CheckFacts(
            outcome: .passed,
            certificate: ServerCertificate(
                names: ["kubernetes"], addresses: [vip], notBefore: 1_799_000_000, notAfter: 1_830_000_000))
        facts.peers[tor] = PeerFacts(open: open(), endpoints: ends)
        return facts
    }

    static let ends = Endpoints(local: address("10.0.0.2"), remote: address("10.0.0.1"))

    static func open(
        peerAS: UInt16 = 65000, holdTime: UInt16 = 9, identifier: UInt32 = 0x0A00_0001,
        _ capabilities: [Capability] = [.multiprotocol(.ipv4Unicast)]
    ) -> Open {
        Open(
            myAS: peerAS, holdTime: holdTime, identifier: BGPIdentifier(identifier),
            parameters: [.capabilities(capabilities)])
    }

    /// The same node with its daemon in service.
    static var running: Facts {
        var facts = facts
        facts.peers = [:]
        facts.status = Status(
            version: "1", localAS: 65001, routerID: "10.0.0.2", interface: "lo", phase: "running", uptime: 60,
            peers: [peer("Established")],
            vips: [
                VIPStatus(
                    prefix: "10.255.0.1/32", bound: true, verdict: "healthy", verdictSeconds: 60, advertisedTo: 1,
                    peers: 1, reason: "healthy and bound", reasonCode: "advertised", checks: ["api"])
            ],
            checks: [])
        facts.node.daemons = 1
        facts.node.heldAddresses = [vip]
        facts.node.addresses.append(NodeFacts.Address(vip, 32, on: "lo", isOurs: true))
        return facts
    }

    static func peer(_ state: String, code: String? = nil, error: String? = nil) -> PeerStatus {
        var peer = PeerStatus(
            address: "10.0.0.1", port: 179, configuredAS: "65000", state: state, stateSeconds: 5, advertised: 1,
            total: 1,
            lastError: error, peerIdentifier: "10.0.0.1", usesMD5: false, isPassive: false, distance: "direct",
            families: ["ipv4-unicast"])
        peer.lastErrorCode = code
        return peer
    }
}

/// The codes of the findings, with subject and evidence: `peer-refused 10.0.0.1: …`.
func said(_ facts: Facts) -> [String] {
    facts.findings.map { "\($0.severity.rawValue) \($0.code.rawValue) \($0.subject): \($0.evidence)" }
}

/// What a healthy node says after this.
func said(running: Bool = false, _ change: (inout Facts) -> Void) -> [String] {
    var facts = running ? Healthy.running : Healthy.facts
    change(&facts)
    return said(facts)
}
