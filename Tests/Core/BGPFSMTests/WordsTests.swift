import BGPFSM
import BGPWire
import IPTypes
import Testing

/// What an operator reads: one line, concrete, each different from all others.
@Suite("Words for the end of a session")
struct WordsTests {
    struct Words: Sendable, CustomTestStringConvertible {
        var reason: EndReason
        var text: String
        var testDescription: String { text }
    }

    @Test("Each reason has its words", arguments: table)
    func words(_ words: Words) {
        #expect(words.reason.words(configured()) == words.text)
    }

    @Test("No two reasons read the same")
    func distinct() {
        let texts = Self.table.map { $0.reason.words(configured()) }
        #expect(Set(texts).count == texts.count)
        #expect(texts.allSatisfy { !$0.contains("\n") })
    }

    @Test("A peer on a link is named with its interface")
    func linkLocal() {
        let peer = ScopedAddress(.v6(IPv6Address(high: 0xFE80 << 48, low: 1)), zone: "eth0")
        let reason = EndReason.closedBeforeOpen(.reset)
        #expect(
            reason.words(configured { $0.peer = peer })
                == "peer fe80::1%eth0 accepted the connection and reset it before its OPEN, and did not say why. "
                + "Likely: the router has no neighbor configured for our address, or that neighbor is shut down, "
                + "waits after an error, lacks multihop, or expects a password")
    }

    @Test("A peer that is this node itself is named as such")
    func loopback() {
        let peer = ScopedAddress(.v4(IPv4Address(0x7F00_0001)))
        #expect(
            Self.received(5, 1).words(configured { $0.peer = peer })
                == "peer 127.0.0.1 found our messages wrong: Finite State Machine Error/Unexpected Message in "
                + "OpenSent; what listens there may be no BGP speaker; "
                + "127.0.0.1 is this node itself: give the address of the router")
    }

    @Test("An address of our own is named as such, once")
    func ownAddress() {
        for address in [IPv4Address(0x7F00_0001), IPv4Address(0x0A00_0002)] {
            let peer = ScopedAddress(.v4(address))
            #expect(
                EndReason.transport(.ownAddress).words(configured { $0.peer = peer }, wasEstablished: false)
                    == "peer \(peer) is this node itself: give the address of the router")
        }
    }

    @Test("A connection that ends before the peer's OPEN is told apart from one that ends later")
    func beforeOpen() {
        for failure in [TransportFailure.closedByPeer, .reset] {
            var session = PeerSession.inState(.openSent)
            #expect(
                session.handle(.tcpFailed(.outgoing, failure), at: t0)
                    == [.ended(.closedBeforeOpen(failure), wasEstablished: false)])
        }
        var session = PeerSession.inState(.openConfirm)
        #expect(
            session.handle(.tcpFailed(.outgoing, .closedByPeer), at: t0)
                == [.ended(.transport(.closedByPeer), wasEstablished: false)])
        for (failure, means) in [(TransportFailure.closedByPeer, "closed"), (.reset, "reset")] {
            #expect(
                EndReason.transport(failure).words(configured(), wasEstablished: false)
                    == "peer 10.0.0.1 sent its OPEN, then \(means) the connection and did not say why. Likely: it does not "
                    + "accept our OPEN; compare AS, router ID and address families on both sides, and look at the "
                    + "router's log")
        }
    }

    @Test("A Cease without a reason on an OPEN that offers IPv6 over IPv4 has a likely cause")
    func ceaseWithoutReason() {
        let plain = "peer 10.0.0.1 closed the session: Cease"
        let reason = Self.received(6, 0)
        let offering = configured { $0.families = [.ipv4Unicast, .ipv6Unicast] }
        #expect(
            reason.words(offering, wasEstablished: false)
                == "peer 10.0.0.1 ended the connection after our OPEN and gave no reason (it sent Cease with subcode 0). "
                + "FRRouting does so if IPv6 unicast is activated for the session and the interface of its address has no "
                + "IPv6 address")
        #expect(reason.words(offering) == plain)
        #expect(reason.words(configured(), wasEstablished: false) == plain)
        #expect(
            reason.words(
                configured {
                    $0.families = [.ipv4Unicast, .ipv6Unicast]
                    $0.neededFamilies = [.ipv4Unicast]
                    $0.capabilityPolicy = .minimal
                }, wasEstablished: false) == plain)
        #expect(Self.received(6, 99).words(offering, wasEstablished: false) == plain + "/subcode 99")
        #expect(
            reason.words(
                configured {
                    $0.families = [.ipv4Unicast, .ipv6Unicast]
                    $0.peer = ScopedAddress(.v6(IPv6Address(high: 0xFD00 << 48, low: 1)))
                }, wasEstablished: false) == "peer fd00::1 closed the session: Cease")
    }

    private static func sent(_ code: UInt8, _ subcode: UInt8, _ explanation: String) -> EndReason {
        .notificationSent(Notification(code: code, subcode: subcode), explanation: explanation)
    }

    private static func received(_ code: UInt8, _ subcode: UInt8, _ data: [UInt8] = []) -> EndReason {
        .notificationReceived(Notification(code: code, subcode: subcode, data: data))
    }

    private static let text: [UInt8] = [11] + Array("maintenance".utf8)

    static let table: [Words] = [
        Words(
            reason: sent(2, 2, "says it is AS 65009, configured is 65000: fix the peer entry or the router"),
            text: "peer 10.0.0.1 says it is AS 65009, configured is 65000: fix the peer entry or the router"),
        Words(
            reason: sent(3, 1, "attribute 14 is there twice"),
            text: "peer 10.0.0.1 broke the protocol: attribute 14 is there twice; "
                + "sent it UPDATE Message Error/Malformed Attribute List"),
        Words(
            reason: .transport(.inUse(by: "bird\u{1B} (pid 8)")),
            text:
                #"bird\u{1b} (pid 8) on this node has a connection to the BGP of peer 10.0.0.1 from the same address; "#
                + "a router keeps one session for each address, so bgpvip waits: give it an address of its own "
                + "(sourceAddress) that the router knows as a neighbor, or another address of the router as peer"),
        Words(
            reason: .withdrawalIgnored(seconds: 9),
            text: "peer 10.0.0.1 did not acknowledge a withdrawal for 9 s, so it may still send traffic here: its BGP "
                + "process hangs and reads nothing, or the path to it loses our packets; the connection was reset"),
        Words(
            reason: received(2, 2),
            text: "peer 10.0.0.1 rejects our AS 65001 (it sent Bad Peer AS): "
                + "fix our local AS, or the remote AS that the router has configured for us"),
        Words(
            reason: received(2, 3),
            text: "peer 10.0.0.1 rejects our BGP identifier 10.0.0.9: "
                + "another speaker may have the same; give each node its own router ID"),
        Words(
            reason: received(2, 6),
            text: "peer 10.0.0.1 rejects our hold time of 9 s: raise it, or lower the minimum on the router"),
        Words(
            reason: received(2, 4),
            text: "peer 10.0.0.1 rejects our OPEN: OPEN Message Error/Unsupported Optional Parameter; "
                + "compare what both sides are configured to offer"),
        Words(
            reason: received(2, 7, [69, 4, 0, 1, 1, 3, 1, 4, 0, 2, 0, 1, 200, 0]),
            text: "peer 10.0.0.1 rejects our OPEN because of capabilities: additional paths (00010103), "
                + "multiprotocol ipv6-unicast, capability 200; it demands what we do not offer, or does not know it"),
        Words(
            reason: received(2, 7, [69, 4, 0]),
            text: "peer 10.0.0.1 rejects our OPEN: OPEN Message Error/Unsupported Capability (data 450400); "
                + "compare what both sides are configured to offer"),
        Words(
            reason: .transport(.rejectedOnTheWay),
            text: "peer 10.0.0.1 is unreachable although the link to it works: a router or firewall on the way, "
                + "or the peer itself, rejects our packets (ICMP); or the peer is more hops "
                + "away than the TTL that multihop sets"),
        Words(
            reason: .transport(.beyondLink),
            text: "peer 10.0.0.1 is on none of this node's subnets, and the session is for one hop only: "
                + "set multihop for it, or correct the address"),
        Words(
            reason: .transport(.prohibited),
            text: "this node itself forbids connections to peer 10.0.0.1: look at its firewall "
                + "and at routes of type prohibit"),
        Words(
            reason: received(1, 1),
            text: "peer 10.0.0.1 found our messages wrong: Message Header Error/Connection Not Synchronized; "
                + "one of the two programs has an error, please report it"),
        Words(
            reason: received(4, 0),
            text: "peer 10.0.0.1 heard nothing from us for its hold time: "
                + "our packets are lost on the way, or this node was stalled"),
        Words(
            reason: received(8, 0),
            text: "peer 10.0.0.1 could send us nothing for its send-hold time: this node was stalled, "
                + "or the path from it loses packets"),
        Words(
            reason: received(6, 1),
            text: "peer 10.0.0.1 closed the session: we announce more prefixes than its maximum; raise it there"),
        Words(
            reason: received(6, 2, text),
            text: #"peer 10.0.0.1 was shut down by its operator: "maintenance""#),
        Words(
            reason: received(6, 2, [200] + Array("a\nb\u{1B}[31m\"".utf8)),
            text: #"peer 10.0.0.1 was shut down by its operator: "a\nb\u{1b}[31m\"""#),
        Words(
            reason: received(6, 2),
            text: "peer 10.0.0.1 was shut down by its operator, who gave no reason: enable the neighbor on the router"),
        Words(
            reason: received(6, 3),
            text: "peer 10.0.0.1 closed the session: the router's neighbor entry for us was removed"),
        Words(reason: received(6, 4), text: "peer 10.0.0.1 was reset by its operator, who gave no reason"),
        Words(reason: received(6, 4, text), text: #"peer 10.0.0.1 was reset by its operator: "maintenance""#),
        Words(
            reason: received(6, 5),
            text: "peer 10.0.0.1 rejects the connection: the router has no neighbor entry for our address, "
                + "or accepts no more sessions"),
        Words(reason: received(6, 6), text: "peer 10.0.0.1 closed the session: its configuration changed"),
        Words(
            reason: received(6, 7),
            text:
                "peer 10.0.0.1 closed this connection because it keeps another one with our address: if this repeats, "
                + "another BGP speaker on this node has that session; give bgpvip an address of its own (sourceAddress) "
                + "that the router knows as a neighbor, or another address of the router as peer"),
        Words(reason: received(6, 8), text: "peer 10.0.0.1 closed the session: the router is out of resources"),
        Words(
            reason: received(6, 9, [6, 2] + text),
            text: #"peer 10.0.0.1 closed the session: Cease/Hard Reset (Cease/Administrative Shutdown "maintenance")"#),
        Words(reason: received(6, 10), text: "peer 10.0.0.1 closed the session: BFD says that the path is down"),
        Words(reason: received(6, 77), text: "peer 10.0.0.1 closed the session: Cease/subcode 77"),
        Words(
            reason: .transport(.refused),
            text: "peer 10.0.0.1 refuses TCP connections. Likely: no BGP listens on that port, "
                + "the router has no neighbor entry for our address (or one without multihop, if it is not on the link), "
                + "or a firewall rejects them"),
        Words(
            reason: .transport(.timedOut(md5: true, onLink: true)),
            text: "peer 10.0.0.1 is on the link but does not answer our signed SYN: a differing MD5 password looks "
                + "exactly like this; compare the passwords, then TTL security, then firewalls"),
        Words(
            reason: .transport(.timedOut(md5: true, onLink: false)),
            text: "peer 10.0.0.1 answers neither our signed SYN nor ARP or neighbor discovery: check host, cable, VLAN "
                + "and address; only then the MD5 password"),
        Words(
            reason: .transport(.timedOut(md5: true, onLink: nil)),
            text: "peer 10.0.0.1 does not answer our signed SYN: a differing MD5 password looks exactly like this, "
                + "as do a firewall and a host that is down"),
        Words(
            reason: .transport(.timedOut(md5: false, onLink: true)),
            text: "peer 10.0.0.1 is on the link but does not answer our SYN: a firewall drops it, the router demands "
                + "an MD5 password and none is configured here, or only one side has TTL security"),
        Words(
            reason: .transport(.timedOut(md5: false, onLink: false)),
            text: "peer 10.0.0.1 answers neither our SYN nor ARP or neighbor discovery: "
                + "check host, cable, VLAN and address"),
        Words(
            reason: .transport(.timedOut(md5: false, onLink: nil)),
            text: "peer 10.0.0.1 does not answer our SYN: a firewall drops it, the host is down, the router demands "
                + "an MD5 password and none is configured here, or only one side has TTL security"),
        Words(
            reason: .transport(.hostUnreachable),
            text: "peer 10.0.0.1 is unreachable: nothing answers ARP or neighbor discovery for it "
                + "(host down, wrong address or VLAN)"),
        Words(
            reason: .transport(.networkUnreachable),
            text: "no route to peer 10.0.0.1: this node has no route to that address; add one, or correct the address"),
        Words(
            reason: .transport(.sourceUnavailable),
            text: "the source address or interface configured for peer 10.0.0.1 is not on this node: "
                + "correct it, or bring it up"),
        Words(
            reason: .transport(.noNeighbour(interface: "eth1")),
            text: "no router is known on eth1 for peer 10.0.0.1: turn on IPv6 router advertisements on the switch port "
                + "and see that eth1 is up and has IPv6 (a link-local address), "
                + "or give the router's address as [fe80::1%eth1]:AS"),
        Words(
            reason: .transport(
                .severalNeighbours(
                    interface: "eth1",
                    [IPv6Address(high: 0xFE80 << 48, low: 1), IPv6Address(high: 0xFE80 << 48, low: 2)])),
            text: "peer 10.0.0.1 could be any of fe80::1, fe80::2: give the right one as [fe80::1%eth1]:AS, "
                + "or let only the router send router advertisements on that link"),
        Words(
            reason: .transport(.closedByPeer),
            text: "peer 10.0.0.1 closed the connection without a NOTIFICATION: "
                + "BGP on the router was stopped or restarted"),
        Words(
            reason: .transport(.reset),
            text:
                "peer 10.0.0.1 reset the connection: the router restarted, "
                + "or something between dropped the connection"),
        Words(
            reason: .transport(.unacknowledged),
            text:
                "peer 10.0.0.1 accepted the connection and acknowledges nothing of what we send on it. Likely: only one "
                + "side has TTL security, or a firewall or the path drops what follows the SYN"),
        Words(
            reason: .transport(.md5Unavailable(errno: 92)),
            text: "the kernel refuses TCP MD5 signatures for peer 10.0.0.1 (errno 92): "
                + "it needs CONFIG_TCP_MD5SIG, and the password at most 80 bytes"),
        Words(
            reason: .transport(.system(errno: 13, operation: "connect")),
            text: "connect failed for peer 10.0.0.1 (errno 13)"),
        Words(
            reason: .closedBeforeOpen(.closedByPeer),
            text: "peer 10.0.0.1 accepted the connection and closed it before its OPEN, and did not say why. "
                + "Likely: the router has no neighbor configured for our address, or that neighbor is shut down, "
                + "waits after an error, lacks multihop, or expects a password"),
        Words(
            reason: .peerRestarted,
            text: "peer 10.0.0.1 restarted: it opened a new connection while the old one was Established"),
        Words(
            reason: .holdTimeExpired(seconds: 60, in: .openSent),
            text: "peer 10.0.0.1 accepted the connection but sent no OPEN for 60 s. Likely: its BGP process hangs, "
                + "or something else answers on that port"),
        Words(
            reason: .holdTimeExpired(seconds: 9, in: .openConfirm),
            text:
                "peer 10.0.0.1 sent its OPEN but no KEEPALIVE for 9 s. Likely: it does not accept our OPEN, "
                + "or its BGP process hangs; look at the router's log"),
        Words(
            reason: .holdTimeExpired(seconds: 9, in: .established),
            text: "peer 10.0.0.1 was silent for the hold time of 9 s: the router or the path to it is down"),
        Words(
            reason: .sendHoldTimeExpired,
            text: "peer 10.0.0.1 took nothing of what we sent for 480 s: its BGP process hangs, "
                + "or the path to it loses our packets"),
        Words(
            reason: .local(.administrativeShutdown, communication: "kernel update"),
            text: #"this node ended the session with peer 10.0.0.1: administrative shutdown "kernel update""#),
        Words(
            reason: .local(.bfdDown, communication: ""),
            text: "this node ended the session with peer 10.0.0.1: BFD says that the path is down"),
        Words(
            reason: .local(.otherConfigurationChange, communication: ""),
            text: "this node ended the session with peer 10.0.0.1: its configuration changed"),
        Words(
            reason: .local(.peerDeconfigured, communication: ""),
            text: "this node ended the session with peer 10.0.0.1: the peer was removed from the configuration"),
    ]
}
