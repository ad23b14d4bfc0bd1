import BGPFSM
import BGPWire
import IPTypes
import Settings
import SpeakerCore
import Testing

@testable import Diagnosis

@Suite struct `A peer` {
    private func dialled(_ met: PeerFacts, _ change: (inout Facts) -> Void = { _ in }) -> [String] {
        said {
            $0.peers[Healthy.tor] = met
            change(&$0)
        }
    }

    private func codes(_ end: EndReason) -> [String] {
        var facts = Healthy.facts
        facts.peers[Healthy.tor] = PeerFacts(end: end)
        return facts.findings.map(\.code.rawValue)
    }

    @Test(
        arguments: [
            (.refused, "refused"), (.timedOut(md5: false, onLink: true), "silent"),
            (.timedOut(md5: true, onLink: nil), "silent-signed"), (.timedOut(md5: true, onLink: false), "unreachable"),
            (.hostUnreachable, "unreachable"), (.rejectedOnTheWay, "rejected-on-the-way"), (.beyondLink, "not-on-link"),
            (.prohibited, "prohibited-here"), (.networkUnreachable, "no-route"), (.ownAddress, "is-self"),
            (.noNeighbour(interface: "eth0"), "no-router-on-link"),
            (.severalNeighbours(interface: "eth0", []), "several-routers"), (.sourceUnavailable, "source-missing"),
            (.inUse(by: "bird (pid 1)"), "held-by-other"), (.closedByPeer, "closed"), (.reset, "closed"),
            (.unacknowledged, "unheard"), (.md5Unavailable(errno: 1), "md5-unavailable"),
            (.system(errno: 1, operation: "x"), "system-error"),
        ] as [(TransportFailure, String)])
    func `that TCP does not reach`(failure: TransportFailure, code: String) {
        #expect(codes(.transport(failure)) == ["peer-" + code])
    }

    @Test(
        arguments: [
            (2, 2, "rejects-as"), (2, 3, "rejects-router-id"), (2, 6, "rejects-hold-time"),
            (2, 7, "rejects-capability"), (2, 1, "rejects-open"), (4, 0, "hears-nothing"), (6, 0, "gives-no-reason"),
            (6, 1, "max-prefix"),
            (6, 2, "shut-down"), (6, 3, "removed"), (6, 4, "ceased"), (6, 5, "rejects-connection"),
            (6, 7, "has-other-session"), (6, 8, "ceased"), (6, 10, "bfd-down"), (6, 99, "ceased"),
            (8, 0, "cannot-send"),
            (1, 2, "rejects-messages"), (3, 1, "rejects-messages"),
        ] as [(UInt8, UInt8, String)])
    func `that sends a NOTIFICATION`(code: UInt8, subcode: UInt8, expected: String) {
        #expect(
            codes(.notificationReceived(Notification(code: code, subcode: subcode))) == ["peer-" + expected])
    }

    @Test func `that runs FRRouting without an IPv6 address`() {
        let end = EndReason.notificationReceived(Notification(code: 6, subcode: 0))
        #expect(
            dialled(PeerFacts(end: end)) == [
                "fault peer-gives-no-reason 10.0.0.1: peer 10.0.0.1 ended the connection after our OPEN and gave no reason (it sent Cease with subcode 0). FRRouting does so if IPv6 unicast is activated for the session and the interface of its address has no IPv6 address"
            ])
        #expect(
            said(running: true) {
                $0.status?.peers = [Healthy.peer("Active", code: "gives-no-reason", error: "its words")]
            } == ["fault peer-gives-no-reason 10.0.0.1: its words"])
    }

    @Test func `that ends a connection in other ways`() {
        #expect(codes(.closedBeforeOpen(.reset)) == ["peer-closed-before-open"])
        #expect(codes(.holdTimeExpired(seconds: 1, in: .openSent)) == ["peer-no-open"])
        #expect(codes(.holdTimeExpired(seconds: 1, in: .openConfirm)) == ["peer-no-keepalive"])
        #expect(codes(.holdTimeExpired(seconds: 9, in: .established)) == ["peer-fell-silent"])
        #expect(codes(.sendHoldTimeExpired) == ["peer-reads-nothing"])
        #expect(codes(.notificationSent(.malformedAttributeList, explanation: "x")) == ["peer-broke-protocol"])
        #expect(codes(.local(.administrativeShutdown, communication: "")) == [])
        #expect(codes(.peerRestarted) == [])
    }

    @Test func `whose OPEN cannot be accepted`() {
        #expect(
            dialled(PeerFacts(open: Healthy.open(peerAS: 65009), endpoints: Healthy.ends)) == [
                "fault peer-wrong-as 10.0.0.1: peer 10.0.0.1 says it is AS 65009, configured is 65000: fix the peer entry or the router"
            ])
        #expect(
            dialled(PeerFacts(open: Healthy.open(holdTime: 2), endpoints: Healthy.ends)) == [
                "fault peer-wrong-hold-time 10.0.0.1: peer 10.0.0.1 proposes a hold time of 2 s, the smallest legal one is 3 s: raise it on the router"
            ])
        #expect(
            dialled(PeerFacts(open: Healthy.open(identifier: 0x0A00_0002), endpoints: Healthy.ends)) == [
                "warning peer-same-router-id 10.0.0.1: peer 10.0.0.1 has our own BGP identifier 10.0.0.2"
            ])
        #expect(
            dialled(
                PeerFacts(open: Healthy.open([.multiprotocol(.ipv6Unicast)]), endpoints: Healthy.ends)) == [
                    "fault peer-without-family 10.0.0.1: peer 10.0.0.1 does not take ipv4-unicast: the router does not offer it"
                ])
    }

    @Test func `that answers only to something else`() {
        let silent = EndReason.transport(.timedOut(md5: true, onLink: true))
        #expect(
            dialled(PeerFacts(end: silent, answersTo: [.unsigned])) == [
                "fault peer-without-password 10.0.0.1: peer 10.0.0.1 answers without a password, and not with the one that is configured here"
            ])
        #expect(
            dialled(PeerFacts(end: silent, answersTo: [.anyTTL])) {
                $0.settings.peers[0].distance = .ttlSecurity(hops: 1)
            } == [
                "fault peer-without-ttl-security 10.0.0.1: this node has TTL security and the router does not: peer 10.0.0.1 answers, but not with the TTL that this node accepts"
            ])
        #expect(
            dialled(PeerFacts(end: silent, answersTo: [.anyTTL])) == [
                "fault peer-demands-ttl 10.0.0.1: peer 10.0.0.1 answers packets with TTL 255 only: the router has TTL security, and this node does not"
            ])
    }

    @Test func `that hears nothing of what follows the SYN`() {
        let unheard = EndReason.transport(.unacknowledged)
        #expect(
            dialled(PeerFacts(end: unheard, open: Healthy.open(), endpoints: Healthy.ends, answersTo: [.anyTTL])) == [
                "fault peer-demands-ttl 10.0.0.1: peer 10.0.0.1 answers packets with TTL 255 only: the router has TTL security, and this node does not"
            ])
        #expect(
            dialled(PeerFacts(end: unheard, open: Healthy.open(), endpoints: Healthy.ends)) == [
                "fault peer-unheard 10.0.0.1: peer 10.0.0.1 accepted the connection and acknowledges nothing of what we send on it. Likely: only one side has TTL security, or a firewall or the path drops what follows the SYN. This node has no TTL security"
            ])
    }

    @Test func `that acknowledges nothing on an Established session`() {
        func established(unacknowledgedFor seconds: Double) -> [String] {
            said(running: true) { facts in
                var peer = Healthy.peer("Established")
                peer.undelivered = UndeliveredStatus(seconds: seconds, withdrawn: [])
                facts.status?.peers = [peer]
            }
        }
        #expect(established(unacknowledgedFor: 0.99) == [])
        #expect(
            established(unacknowledgedFor: 4.2) == [
                "fault peer-unacknowledged 10.0.0.1: peer 10.0.0.1 has acknowledged nothing for 4 s of what was sent to it. This node has no TTL security"
            ])
    }

    @Test func `that has another path from another node`() {
        func heard(own: [String], other: [String], _ change: (inout Facts) -> Void = { _ in }) -> [String] {
            said(running: true) { facts in
                var peer = Healthy.peer("Established")
                peer.peerAS = 65000
                peer.routes = [RouteStatus(prefix: "10.255.0.1/32", nextHop: "10.0.0.2", attributes: own)]
                peer.routesHeard = [RouteStatus(prefix: "10.255.0.1/32", nextHop: "", attributes: other)]
                facts.status?.peers = [peer]
                change(&facts)
            }
        }
        let own = ["ORIGIN IGP", "AS_PATH 65001", "NEXT_HOP 10.0.0.2", "COMMUNITIES 1:1"]
        #expect(heard(own: own, other: ["ORIGIN IGP", "AS_PATH 65000 65001", "MULTI_EXIT_DISC 5"]) == [])
        let finding =
            "warning paths-differ 10.255.0.1: peer 10.0.0.1 has a path of another node with other attributes: AS_PATH 65001 65001 there and 65001 here, ORIGIN incomplete there and IGP here"
        let longer = ["ORIGIN incomplete", "AS_PATH 65000 65001 65001"]
        #expect(heard(own: own, other: longer) == [finding])
        // A node that is the last resort wants to be worse.
        #expect(heard(own: own, other: longer) { $0.status?.vips[0].lastResort = true } == [])
        // Inside one AS everything that is compared is seen.
        #expect(
            heard(
                own: ["ORIGIN IGP", "AS_PATH", "LOCAL_PREF 100"],
                other: ["ORIGIN IGP", "AS_PATH", "LOCAL_PREF 200", "MULTI_EXIT_DISC 5"]) == [
                    "warning paths-differ 10.255.0.1: peer 10.0.0.1 has a path of another node with other attributes: LOCAL_PREF 200 there and 100 here, MULTI_EXIT_DISC 5 there and none here"
                ])
    }

    @Test func `that is this node, or the gateway that there is not`() {
        #expect(
            said { $0.settings.peers[0].address = ScopedAddress(Healthy.address("10.0.0.2")) } == [
                "fault peer-is-self 10.0.0.2: 10.0.0.2 is an address of this node itself"
            ])
        #expect(
            said {
                $0.settings.peers = []
                $0.gatewayFailure = "there is none"
            } == ["fault peer-no-route gateway: there is none"])
    }

    @Test func `of which the daemon tells`() {
        func daemon(_ change: (inout PeerStatus) -> Void) -> [String] {
            said(running: true) { facts in
                var peer = Healthy.peer("Idle")
                change(&peer)
                facts.status?.peers = [peer]
            }
        }
        #expect(
            daemon {
                $0.lastErrorCode = "max-prefix"
                $0.lastError = "too many"
                $0.lastAttemptCode = "refused"
                $0.lastAttempt = "refused"
            } == ["fault peer-max-prefix 10.0.0.1: too many"])
        #expect(
            daemon {
                $0.lastAttemptCode = "not-dialled"
                $0.lastAttempt = "nobody dials"
            } == ["fault peer-not-dialled 10.0.0.1: nobody dials"])
        #expect(daemon { _ in } == [])
        #expect(
            daemon {
                $0.state = "Established"
                $0.families = ["ipv6-unicast"]
            } == [
                "fault peer-without-family 10.0.0.1: peer 10.0.0.1 does not take ipv4-unicast: the session carries ipv6-unicast"
            ])
        #expect(
            daemon {
                $0.state = "Established"
                $0.capabilitiesReceived = [
                    "graceful restart 120 s", "graceful restart 120 s, ipv4-unicast (forwarding kept)",
                ]
            } == [
                "warning peer-keeps-dead-routes 10.0.0.1: peer 10.0.0.1 offers graceful restart 120 s, ipv4-unicast (forwarding kept)"
            ])
    }

    @Test func `whose BFD is down, or too fast for this node`() {
        func bfd(strict: Bool, scheduling: String, state: String = "Established") -> [String] {
            said(running: true) { facts in
                var peer = Healthy.peer(state)
                peer.bfd = BFDStatus(
                    state: "Down", stateSeconds: 9, isStrict: strict, holdsSession: strict, localDiscriminator: 1,
                    localDiagnostic: "none", obstacle: "nothing is heard")
                facts.status?.peers = [peer]
                facts.status?.bfdScheduling = scheduling
                facts.settings.peers[0].bfd = BFDSettings(
                    transmitInterval: .milliseconds(50), receiveInterval: .milliseconds(50))
            }
        }
        let down = "bfd-down 10.0.0.1: BFD with 10.0.0.1 is Down: nothing is heard"
        #expect(bfd(strict: false, scheduling: "real-time scheduling") == ["warning " + down])
        #expect(bfd(strict: true, scheduling: "real-time scheduling", state: "Idle") == ["fault " + down])
        #expect(
            bfd(strict: false, scheduling: "ordinary scheduling (x)") == [
                "warning " + down,
                "warning bfd-too-fast 10.0.0.1: BFD sends every 50 ms × 3, with ordinary scheduling",
            ])
        #expect(
            said {
                $0.settings.peers[0].bfd = BFDSettings(transmitInterval: .milliseconds(50))
                $0.node.schedules = false
            } == ["warning bfd-too-fast 10.0.0.1: BFD sends every 50 ms × 3, with ordinary scheduling"])
    }

    @Test func `whose policy cannot be seen`() {
        #expect(
            Healthy.facts.unseen == [
                "whether the routers use 10.255.0.1/32, and over how many nodes, is decided by their policies, which this node cannot see; run there: birdc show route all for 10.255.0.1/32, or vtysh -c 'show bgp ipv4 unicast 10.255.0.1/32' -c 'show bgp ipv4 unicast summary'"
            ])
    }
}
