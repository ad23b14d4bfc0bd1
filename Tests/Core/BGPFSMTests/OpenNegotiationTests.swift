import BGPFSM
import BGPWire
import Deadlines
import Testing

/// What comes of an OPEN in OpenSent; the verdict is seen in OpenConfirm's next state, as the network would see it.
@Suite("OPEN negotiation")
struct OpenNegotiationTests {
    /// The NOTIFICATION and explanation with which an OPEN is refused, or nil if it is accepted.
    private func refusal(
        of open: Open, _ adapt: (inout SessionConfiguration) -> Void = { _ in }
    ) -> (notification: Notification, explanation: String)? {
        var session = PeerSession.inState(.openSent, adapt: adapt)
        let actions = session.handle(.received(.open(open), .outgoing), at: t0)
        guard case .ended(.notificationSent(let notification, let explanation), false) = actions.last else {
            #expect(actions == [.send(.keepalive, .outgoing)])
            return nil
        }
        #expect(
            actions == [
                .send(.notification(notification), .outgoing), .close(.outgoing),
                .ended(.notificationSent(notification, explanation: explanation), wasEstablished: false),
            ])
        return (notification, explanation)
    }

    /// What is agreed on with an OPEN that is accepted.
    private func agreement(
        with open: Open, _ adapt: (inout SessionConfiguration) -> Void = { _ in }
    ) -> Negotiated? {
        var session = PeerSession.inState(.openSent, adapt: adapt)
        _ = session.handle(.received(.open(open), .outgoing), at: t0)
        _ = session.handle(.received(.keepalive, .outgoing), at: t0)
        return session.negotiated
    }

    struct ASCase: Sendable {
        var accepted: Bool
        var configured: PeerAS
        var myAS: UInt16
        var capability: UInt32?
    }

    @Test(
        "The peer's AS is the capability's if there is one, else the field's, and never 0",
        arguments: [
            ASCase(accepted: true, configured: .exactly(peerAS), myAS: 65000, capability: 65000),
            ASCase(accepted: true, configured: .exactly(peerAS), myAS: 65000, capability: nil),
            ASCase(accepted: true, configured: .exactly(peerAS), myAS: 64998, capability: 65000),
            ASCase(accepted: false, configured: .exactly(peerAS), myAS: 65000, capability: 64999),
            ASCase(accepted: false, configured: .exactly(peerAS), myAS: 64999, capability: nil),
            ASCase(accepted: false, configured: .exactly(peerAS), myAS: 0, capability: nil),
            ASCase(accepted: false, configured: .exactly(peerAS), myAS: 65000, capability: 0),
            ASCase(accepted: false, configured: .exactly(peerAS), myAS: 0, capability: 65000),
            ASCase(
                accepted: true, configured: .exactly(ASNumber(4_200_000_001)), myAS: 23456, capability: 4_200_000_001),
            ASCase(accepted: false, configured: .exactly(ASNumber(4_200_000_001)), myAS: 23456, capability: nil),
            ASCase(accepted: true, configured: .external, myAS: 64999, capability: nil),
            ASCase(accepted: false, configured: .external, myAS: 65001, capability: 65001),
            ASCase(accepted: false, configured: .external, myAS: 0, capability: 0),
            ASCase(accepted: true, configured: .internal, myAS: 65001, capability: 65001),
            ASCase(accepted: false, configured: .internal, myAS: 65000, capability: 65000),
        ])
    func autonomousSystem(_ test: ASCase) {
        let capabilities: [Capability] =
            [.multiprotocol(.ipv4Unicast)] + (test.capability.map { [.fourOctetAS(ASNumber($0))] } ?? [])
        let refused = refusal(of: peerOpen(myAS: test.myAS, capabilities: capabilities)) {
            $0.peerAS = test.configured
        }
        #expect(refused?.notification == (test.accepted ? nil : Notification(code: 2, subcode: 2)))
    }

    @Test("A refused AS is explained with both numbers")
    func explanations() {
        #expect(
            refusal(of: peerOpen(myAS: 65009, capabilities: []))?.explanation
                == "says it is AS 65009, configured is 65000: fix the peer entry or the router")
        #expect(
            refusal(of: peerOpen(myAS: 65001, capabilities: [])) { $0.peerAS = .external }?.explanation
                == "says it is AS 65001, which is our own AS, configured is external: "
                + "fix the peer entry, the local AS or the router")
        #expect(
            refusal(of: peerOpen(myAS: 65009, capabilities: [])) { $0.peerAS = .internal }?.explanation
                == "says it is AS 65009, configured is internal, that is 65001: "
                + "fix the peer entry, the local AS or the router")
        #expect(refusal(of: peerOpen(myAS: 0))?.explanation == "says it is AS 0, which no speaker may be")
    }

    @Test("Hold times of 1 and 2 seconds are refused", arguments: [1, 2] as [UInt16])
    func shortHoldTime(_ seconds: UInt16) {
        let refused = refusal(of: peerOpen(holdTime: seconds))
        #expect(refused?.notification == Notification(code: 2, subcode: 6))
        #expect(
            refused?.explanation
                == "proposes a hold time of \(seconds) s, the smallest legal one is 3 s: raise it on the router")
    }

    @Test(
        "The smaller hold time counts, and 0 is smallest",
        arguments: [(9, 90, 9), (90, 9, 9), (9, 3, 3), (9, 0, 0), (0, 90, 0), (65535, 65535, 65535)]
            as [(UInt16, UInt16, UInt16)])
    func holdTime(_ ours: UInt16, _ theirs: UInt16, _ expected: UInt16) {
        #expect(agreement(with: peerOpen(holdTime: theirs)) { $0.holdTime = ours }?.holdTime == expected)
    }

    @Test("Identifier 0 is refused, our own within one AS as well, any other is fine")
    func identifier() {
        let ours = ourIdentifier
        func refusedInside(_ identifier: BGPIdentifier) -> Notification? {
            refusal(of: peerOpen(identifier: identifier, myAS: 65001, capabilities: [])) { $0.peerAS = .internal }?
                .notification
        }
        let badIdentifier = Notification(code: 2, subcode: 3)
        #expect(refusal(of: peerOpen(identifier: BGPIdentifier(0)))?.notification == badIdentifier)
        #expect(refusal(of: peerOpen(identifier: ours)) == nil)
        #expect(refusal(of: peerOpen(identifier: BGPIdentifier(0xE000_0005))) == nil)
        #expect(refusedInside(ours) == badIdentifier)
        #expect(refusedInside(lowerIdentifier) == nil)
        #expect(
            refusal(of: peerOpen(identifier: ours, myAS: 65001, capabilities: [])) { $0.peerAS = .internal }?
                .explanation
                == "has our own BGP identifier 10.0.0.9: give each speaker its own router ID")
    }

    @Test("What is wrong first counts: AS, then hold time, then identifier")
    func order() {
        let zero = BGPIdentifier(0)
        #expect(
            refusal(of: peerOpen(identifier: zero, myAS: 0, holdTime: 1))?.notification
                == Notification(code: 2, subcode: 2))
        #expect(
            refusal(of: peerOpen(identifier: zero, holdTime: 1))?.notification == Notification(code: 2, subcode: 6))
    }

    @Test("Families are those that both sides offer; without the capability it is IPv4 unicast")
    func families() {
        let both: [AddressFamily] = [.ipv4Unicast, .ipv6Unicast]
        func families(_ ours: [AddressFamily], _ theirs: [Capability]) -> Set<AddressFamily>? {
            agreement(with: peerOpen(capabilities: theirs)) { $0.families = ours }?.families
        }
        #expect(families(both, [.multiprotocol(.ipv6Unicast)]) == [.ipv6Unicast])
        #expect(families(both, both.map(Capability.multiprotocol)) == [.ipv4Unicast, .ipv6Unicast])
        #expect(families(both, both.map(Capability.multiprotocol) + both.map(Capability.multiprotocol)) == Set(both))
        #expect(families(both, [.routeRefresh]) == [.ipv4Unicast])
        #expect(families(both, []) == [.ipv4Unicast])
        #expect(families([.ipv6Unicast], []) == [])
        #expect(families([.ipv4Unicast], [.multiprotocol(AddressFamily(afi: 25, safi: 70))]) == [])
    }

    @Test("Extended next hop needs the tuple from both sides, and IPv4 unicast")
    func extendedNextHop() {
        let tuple = Capability.ExtendedNextHop(family: .ipv4Unicast, nextHopAFI: 2)
        let other = Capability.ExtendedNextHop(family: .ipv4Unicast, nextHopAFI: 1)
        let multiprotocol = Capability.multiprotocol(.ipv4Unicast)
        func uses(_ offers: Bool, _ theirs: [Capability]) -> Bool? {
            agreement(with: peerOpen(capabilities: theirs)) { $0.offersExtendedNextHop = offers }?.usesExtendedNextHop
        }
        #expect(uses(true, [multiprotocol, .extendedNextHop([other, tuple])]) == true)
        #expect(uses(false, [multiprotocol, .extendedNextHop([tuple])]) == false)
        #expect(uses(true, [multiprotocol, .extendedNextHop([other])]) == false)
        #expect(uses(true, [multiprotocol]) == false)
        #expect(uses(true, [.extendedNextHop([tuple])]) == false)
        #expect(uses(true, [.multiprotocol(.ipv6Unicast), .extendedNextHop([tuple])]) == false)
    }

    @Test("All of an agreement, with an old speaker and with a new one")
    func wholeAgreement() {
        #expect(
            agreement(with: peerOpen(capabilities: []))
                == Negotiated(
                    endpoints: endpoints, peerAS: peerAS, peerIdentifier: lowerIdentifier, holdTime: 9,
                    isInternal: false, usesFourOctetAS: false, families: [.ipv4Unicast], usesExtendedNextHop: false,
                    peerCapabilities: []))
        let exotic: [Capability] = [
            .multiprotocol(.ipv4Unicast), .fourOctetAS(localAS), .extendedMessage, .enhancedRouteRefresh,
            .longLivedGracefulRestart([]), .other(code: 200, value: [1, 2]),
            .fqdn(host: Array("tor-1\n<0>".utf8), domain: Array("rack7".utf8)),
        ]
        #expect(
            agreement(with: peerOpen(myAS: 65001, capabilities: exotic)) { $0.peerAS = .internal }
                == Negotiated(
                    endpoints: endpoints, peerAS: localAS, peerIdentifier: lowerIdentifier, holdTime: 9,
                    isInternal: true, usesFourOctetAS: true, families: [.ipv4Unicast], usesExtendedNextHop: false,
                    peerCapabilities: exotic, peerHostName: "tor-1\\n<0>.rack7"))
    }

    @Test("A host name without a domain stands alone, an empty one is none")
    func hostName() {
        func name(_ host: String, _ domain: String) -> String? {
            agreement(
                with: peerOpen(
                    capabilities: peerCapabilities + [.fqdn(host: Array(host.utf8), domain: Array(domain.utf8))]))?
                .peerHostName
        }
        #expect(name("leaf1", "") == "leaf1")
        #expect(name("leaf1", "dc.example") == "leaf1.dc.example")
        #expect(name("", "") == nil)
    }
}
