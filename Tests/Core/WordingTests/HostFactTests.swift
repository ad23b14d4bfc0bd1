import BGPWire
import Health
import IPTypes
import Services
import Settings
import Testing

@testable import SpeakerCore
@testable import Wording

/// What the log contains about the host, word by word.
struct HostFactTests {
    private static let peer = ScopedAddress(.v4(IPv4Address(0x0A00_0001)))
    private static let other = ScopedAddress(.v4(IPv4Address(0x0A01_0001)))
    private static let vip = IPPrefix(host: .v4(IPv4Address(0x0AFF_0001)))
    private static let listener = Listener.ID(address: peer.address, port: 179, interface: nil)
    private static let endpoint = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 9179)

    private static let process: [(HostFact, String)] = [
        (.remark("the file can be read by others"), "notice: the file can be read by others"),
        (
            .started(version: "1.2", localAS: ASNumber(65001), routerID: BGPIdentifier(0x0A00_0002), peers: 2, vips: 3),
            "info: bgpvip 1.2 starts local_as=65001 router_id=10.0.0.2 peers=2 vips=3"
        ),
        (.startFailed(reason: "no such file"), "error: cannot start: no such file"),
        (.networkAwaited(reason: "no default route"), "warning: waiting for the network: no default route"),
        (
            .gatewaysChanged(peers: [peer, other]),
            "notice: the default gateways have changed peers=10.0.0.1, 10.1.0.1"
        ),
        (.settingsRefused(reason: "why"), "error: settings not loaded, nothing changes reason=why"),
        (.signalIgnored(name: "SIGUSR2"), "notice: SIGUSR2 ignored: it asks for nothing"),
        (
            .stalled(.microseconds(1_250)),
            "notice: the daemon did not run for a while; waiting for BFD packets before a peer counts as down milliseconds=1.25"
        ),
    ]

    private static let addresses: [(HostFact, String)] = [
        (
            .vipIsForeign(vip, interface: "lo"),
            "warning: VIP was added to lo by another program; it is used, and not removed vip=10.255.0.1/32"
        ),
        (.addressesUnreadable(interface: "lo", reason: "why"), "error: addresses of lo cannot be read reason=why"),
        (
            .addressChangesUnseen(reason: "why"),
            "error: changes of addresses are not seen for now, trying again each second reason=why"
        ),
        (.leftoverTakenOff(vip), "info: VIP of an earlier run taken off the interface vip=10.255.0.1/32"),
        (
            .leftoverStays(vip, reason: "why"),
            "error: VIP of an earlier run cannot be taken off the interface vip=10.255.0.1/32 reason=why"
        ),
        (.localityUnknown(reason: "why"), "error: cannot tell which VIPs are local, trying again reason=why"),
        (
            .remoteClientsEnded(count: 4),
            "info: connections of remote clients to a VIP that is unbound ended connections=4"
        ),
        (
            .ownClientsEnded(count: 4),
            "info: connections of this node's clients to a VIP that was unbound ended connections=4"
        ),
        (
            .connectionsToOtherNodesEnded(count: 4),
            "info: connections of this node's clients to other nodes, whose VIP is bound here now, ended connections=4"
        ),
        (
            .connectionsNotEnded(reason: "why"),
            "warning: connections that a change of the VIPs cuts off cannot be ended; clients notice by their own timeouts reason=why"
        ),
    ]

    private static let peers: [(HostFact, String)] = [
        (.listening(listener), "info: incoming sessions are accepted now address=10.0.0.1 port=179"),
        (
            .listening(Listener.ID(address: peer.address, port: 179, interface: "eth0")),
            "info: incoming sessions are accepted now address=10.0.0.1 port=179 interface=eth0"
        ),
        (
            .listeningFailed(listener, reason: "why"),
            "warning: incoming sessions cannot be accepted, trying again each second address=10.0.0.1 port=179 reason=why"
        ),
        (
            .oldPasswordsInForce(peer.address, reason: "why"),
            "error: incoming sessions are checked with old passwords address=10.0.0.1 reason=why"
        ),
        (
            .connectionUnchanged(peer, reason: "why"),
            "error: a connection that is open cannot follow the settings peer=10.0.0.1 reason=why"
        ),
        (.furtherNextHopsUnknown(reason: "why"), "warning: no further next hops found on the link reason=why"),
        (
            .neighbourTableUnreadable(interface: "eth0", reason: "why"),
            "warning: the neighbor table cannot be read interface=eth0 reason=why"
        ),
        (
            .defaultRoutesUnwatched(reason: "why"),
            "warning: default routes cannot be watched; looking every ten seconds reason=why"
        ),
    ]

    private static let bfd: [(HostFact, String)] = [
        (.bfdScheduled("real-time scheduling", isPreferred: true), "info: BFD runs with real-time scheduling"),
        (.bfdScheduled("ordinary scheduling", isPreferred: false), "notice: BFD runs with ordinary scheduling"),
        (
            .bfdGaveWay("ordinary scheduling"),
            "warning: the daemon was busy without a pause; BFD runs with ordinary scheduling for 10 s"
        ),
        (.bfdReceiving, "info: BFD can receive now"),
        (.bfdReceivingFailed(reason: "why"), "error: BFD cannot receive, trying again each second reason=why"),
        (.bfdReceivingEnded(reason: "why"), "error: BFD cannot receive any more; trying again reason=why"),
        (.bfdPeersDropped(reason: "why"), "error: BFD packets of new peers are dropped reason=why"),
        (.bfdSending(peer, failed: "why"), "info: BFD packets can be sent again peer=10.0.0.1 failed=why"),
        (.bfdSendingFailed(peer, reason: "why"), "warning: BFD packets cannot be sent peer=10.0.0.1 reason=why"),
    ]

    private static let questions: [(HostFact, String)] = [
        (.checkUnusable("api", reason: "why"), "error: check cannot be run check=api reason=why"),
        (.drainFileUnknown(reason: "/run/drain: why"), "error: /run/drain: why"),
        (
            .drainFileHangs(path: "/run/drain", isServing: true),
            "error: the file system of the drain file does not answer; what was seen last stays in force path=/run/drain"
        ),
        (
            .drainFileHangs(path: "/run/drain", isServing: false),
            "error: the file system of the drain file does not answer; nothing is advertised before it does path=/run/drain"
        ),
        (
            .drainFileUnwatched(reason: "why"),
            "warning: the drain file's directory cannot be watched; looking each second instead reason=why"
        ),
        (.controlSocketOpen, "info: the control socket is open now"),
        (
            .controlSocketFailed(reason: "why"),
            "notice: no control socket, so bgpvip peers and drain cannot be used, trying again each second: why; choose another with --control-socket or BGPVIP_CONTROL_SOCKET, or none"
        ),
        (.monitoringOpen(endpoint), "info: metrics and health are served now address=127.0.0.1 port=9179"),
        (
            .monitoringFailed(endpoint, reason: "why"),
            "warning: metrics and health cannot be served, trying again each second; --metrics and --health set another port address=127.0.0.1 port=9179 reason=why"
        ),
    ]

    private static let services: [(HostFact, String)] = [
        (
            .kubernetesSilent(.services, reason: "why"),
            "warning: the Kubernetes API does not answer; what it said last holds kind=services reason=why"
        ),
        (.kubernetesAnswers(.services), "notice: the Kubernetes API answers again kind=services"),
        (
            .addressNotClaimed(vip.address, reason: "why"),
            "warning: address not claimed address=10.255.0.1 reason=why"
        ),
        (
            .statusNotWritten(ObjectName("shop", "web"), reason: "why"),
            "warning: status not written service=shop/web reason=why"
        ),
        (.loopRulesStay(reason: "why"), "warning: routing rules of an earlier run cannot be removed reason=why"),
        (
            .loopsPossible(reason: "why"),
            "warning: packets to unused ports of Services may loop between node and router reason=why"
        ),
    ]

    @Test func eachFactHasItsWords() {
        for (fact, words) in Self.process + Self.addresses + Self.peers + Self.bfd + Self.questions + Self.services {
            let line = LogLine(fact)
            let fields = line.fields.map { " \($0.name)=\($0.value)" }.joined()
            #expect("\(line.level): \(line.message)\(fields)" == words)
        }
    }

    @Test func numbersAreNumbers() {
        let fact = HostFact.started(
            version: "1.2", localAS: ASNumber(65001), routerID: BGPIdentifier(1), peers: 2, vips: 3)
        #expect(
            LogLine(fact).fields.map(\.value) == [.literal("65001"), .string("0.0.0.1"), .literal("2"), .literal("3")])
        #expect(LogLine(.listening(Self.listener)).fields.map(\.value) == [.string("10.0.0.1"), .literal("179")])
        #expect(LogLine(.stalled(.seconds(2))).fields.map(\.value) == [.literal("2000")])
        #expect(LogLine(.ownClientsEnded(count: 4)).fields.map(\.value) == [.literal("4")])
        #expect(LogLine(.monitoringOpen(Self.endpoint)).fields.map(\.value) == [.string("127.0.0.1"), .string("9179")])
    }

    @Test func levelsAreInOrder() {
        #expect(LogLevel.allCases == LogLevel.allCases.sorted())
    }
}
