import BGPWire
import IPTypes
import Testing

@testable import Advertising

extension AdjRIBOut {
    /// All of a new session in one turn.
    mutating func begin(on path: SessionPath, desired: [IPPrefix: RouteAttributes]) -> [Update] {
        begin(on: path)
        return converge(to: desired) + endOfRIB
    }

    /// The UPDATEs after which the peer holds exactly these.
    mutating func converge(to desired: [IPPrefix: RouteAttributes], again: Bool = false) -> [Update] {
        let gone = told.keys.filter { desired[$0] == nil }
        return change(desired.map { ($0, $1) } + gone.map { ($0, nil) }, again: again)
    }

    mutating func move(to path: SessionPath, desired: [IPPrefix: RouteAttributes]) -> [Update] {
        let hasMoved = move(to: path)
        return converge(to: desired, again: hasMoved)
    }
}

/// What a peer is told, as whole lists of UPDATEs.
struct AdjRIBOutTests {
    let vip = IPPrefix(host: .v4(IPv4Address(0x0AFF_0001)))
    let other = IPPrefix(host: .v4(IPv4Address(0x0AFF_0002)))
    let vip6 = IPPrefix(host: .v6(IPv6Address(high: 0x2001_0DB8_0000_0000, low: 1)))
    let local = IPv4Address(0x0A00_0001)
    let local6 = IPv6Address(high: 0x2001_0DB8_0000_0001, low: 9)

    func external(
        families: Set<AddressFamily> = [.ipv4Unicast], usesFourOctetAS: Bool = true, usesExtendedNextHop: Bool = false,
        nextHopIPv6: [IPv6Address] = []
    ) -> SessionPath {
        SessionPath(
            localAS: ASNumber(65001), isInternal: false, usesFourOctetAS: usesFourOctetAS, families: families,
            usesExtendedNextHop: usesExtendedNextHop, nextHopIPv4: nextHopIPv6.isEmpty ? local : nil,
            nextHopIPv6: nextHopIPv6)
    }

    var plainAttributes: [PathAttribute] {
        [
            PathAttribute(flags: 0x40, value: .origin(.igp)),
            PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [ASNumber(65001)])])),
            PathAttribute(flags: 0x40, value: .nextHop(local)),
        ]
    }

    @Test func anExternalPeerIsToldTheRouteAndThenEndOfRIB() {
        var rib = AdjRIBOut()
        let updates = rib.begin(on: external(), desired: [vip: RouteAttributes()])
        #expect(updates == [Update(attributes: plainAttributes, nlri: [vip]), Update()])
        #expect(rib.told == [vip: RouteAttributes()])
    }

    @Test func withoutRoutesThePeerStillGetsEndOfRIBForEachFamily() {
        var rib = AdjRIBOut()
        let updates = rib.begin(on: external(families: [.ipv4Unicast, .ipv6Unicast]), desired: [:])
        let endOfIPv6 = PathAttribute(flags: 0x80, value: .mpUnreach(MPUnreach(family: .ipv6Unicast, withdrawn: [])))
        #expect(updates == [Update(), Update(attributes: [endOfIPv6])])
    }

    @Test func nothingIsSentWhileNothingChanges() {
        var rib = AdjRIBOut()
        _ = rib.begin(on: external(), desired: [vip: RouteAttributes()])
        #expect(rib.converge(to: [vip: RouteAttributes()]) == [])
    }

    @Test func withdrawalsComeBeforeAnnouncements() {
        var rib = AdjRIBOut()
        _ = rib.begin(on: external(), desired: [vip: RouteAttributes()])
        let updates = rib.converge(to: [other: RouteAttributes()])
        #expect(updates == [Update(withdrawn: [vip]), Update(attributes: plainAttributes, nlri: [other])])
    }

    @Test func aChangedAttributeIsAnnouncedAgainWithoutAWithdrawal() {
        var rib = AdjRIBOut()
        _ = rib.begin(on: external(), desired: [vip: RouteAttributes()])
        let updates = rib.converge(to: [vip: RouteAttributes().withGracefulShutdown])
        let marked =
            plainAttributes + [PathAttribute(flags: 0xC0, value: .communities([Community(0xFFFF_0000)]))]
        #expect(updates == [Update(attributes: marked, nlri: [vip])])
    }

    @Test func routesWithTheSameAttributesShareAnUpdate() {
        var rib = AdjRIBOut()
        let updates = rib.begin(on: external(), desired: [other: RouteAttributes(), vip: RouteAttributes()])
        #expect(updates == [Update(attributes: plainAttributes, nlri: [vip, other]), Update()])
    }

    @Test func aSessionThatIsGoneIsToldNothing() {
        var rib = AdjRIBOut()
        _ = rib.begin(on: external(), desired: [vip: RouteAttributes()])
        rib.end()
        #expect(rib.converge(to: [vip: RouteAttributes()]) == [])
        #expect(rib.told == [:])
    }

    @Test func anInternalPeerGetsAnEmptyPathAndALocalPreference() {
        var rib = AdjRIBOut()
        let path = SessionPath(
            localAS: ASNumber(65001), isInternal: true, usesFourOctetAS: true, families: [.ipv4Unicast],
            usesExtendedNextHop: false, nextHopIPv4: local, nextHopIPv6: [])
        let updates = rib.begin(on: path, desired: [vip: RouteAttributes()])
        let attributes = [
            PathAttribute(flags: 0x40, value: .origin(.igp)),
            PathAttribute(flags: 0x40, value: .asPath([])),
            PathAttribute(flags: 0x40, value: .nextHop(local)),
            PathAttribute(flags: 0x40, value: .localPreference(100)),
        ]
        #expect(updates == [Update(attributes: attributes, nlri: [vip]), Update()])
    }

    @Test func prependingIsForExternalPeersAlone() {
        let internalPath = SessionPath(
            localAS: ASNumber(65001), isInternal: true, usesFourOctetAS: true, families: [.ipv4Unicast],
            usesExtendedNextHop: false, nextHopIPv4: local, nextHopIPv6: [])
        let route = RouteAttributes(prepend: 2)
        func path(_ session: SessionPath) -> PathAttribute { session.pathAttributes(route, nextHop: local)[1] }
        let own = ASNumber(65001)
        #expect(path(internalPath) == PathAttribute(flags: 0x40, value: .asPath([])))
        #expect(
            path(external())
                == PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [own, own, own])])))
    }

    @Test func gracefulShutdownLowersTheLocalPreferenceOfInternalPeersToZero() {
        let route = RouteAttributes(localPreference: 300, communities: [Community(0x0001_0002)])
        let marked = route.withGracefulShutdown
        #expect(
            marked
                == RouteAttributes(
                    localPreference: 0, communities: [Community(0x0001_0002), Community(0xFFFF_0000)]))
        #expect(marked.withGracefulShutdown == marked)
    }

    @Test func allAttributesStandInAscendingOrderSortedAndWithoutDuplicates() {
        let route = RouteAttributes(
            multiExitDiscriminator: 7, localPreference: 9, prepend: 2,
            communities: [Community(2), Community(1), Community(2)],
            extendedCommunities: [ExtendedCommunity(5), ExtendedCommunity(4)],
            largeCommunities: [LargeCommunity(3, 0, 0), LargeCommunity(1, 2, 3), LargeCommunity(3, 0, 0)])
        let attributes = external().pathAttributes(route, nextHop: local)
        let own = ASNumber(65001)
        #expect(
            attributes == [
                PathAttribute(flags: 0x40, value: .origin(.igp)),
                PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [own, own, own])])),
                PathAttribute(flags: 0x40, value: .nextHop(local)),
                PathAttribute(flags: 0x80, value: .multiExitDiscriminator(7)),
                PathAttribute(flags: 0xC0, value: .communities([Community(1), Community(2)])),
                PathAttribute(
                    flags: 0xC0, value: .extendedCommunities([ExtendedCommunity(4), ExtendedCommunity(5)])),
                PathAttribute(
                    flags: 0xC0, value: .largeCommunities([LargeCommunity(1, 2, 3), LargeCommunity(3, 0, 0)])),
            ])
    }

    @Test func anIPv6RouteIsCarriedByMPReachAndWithdrawnByMPUnreach() {
        var rib = AdjRIBOut()
        let path = external(families: [.ipv6Unicast], nextHopIPv6: [local6])
        let announced = rib.begin(on: path, desired: [vip6: RouteAttributes()])
        let reach = MPReach(family: .ipv6Unicast, nextHops: [.v6(local6)], nlri: [vip6])
        #expect(
            announced.first
                == Update(attributes: [
                    PathAttribute(flags: 0x80, value: .mpReach(reach)),
                    plainAttributes[0], plainAttributes[1],
                ]))
        let unreach = MPUnreach(family: .ipv6Unicast, withdrawn: [vip6])
        #expect(
            rib.converge(to: [:]) == [Update(attributes: [PathAttribute(flags: 0x80, value: .mpUnreach(unreach))])])
    }

    @Test func anIPv4RouteOverAnIPv6SessionNeedsExtendedNextHop() {
        var rib = AdjRIBOut()
        let without = external(nextHopIPv6: [local6])
        #expect(rib.begin(on: without, desired: [vip: RouteAttributes()]) == [Update()])
        #expect(rib.told == [:])
        #expect(
            without.obstacle(to: .ipv4Unicast)
                == "no next hop for ipv4-unicast: the session has no address of that family, and extended next hop "
                + "(RFC 8950) was not agreed on")

        let with = external(usesExtendedNextHop: true, nextHopIPv6: [local6])
        let reach = MPReach(family: .ipv4Unicast, nextHops: [.v6(local6)], nlri: [vip])
        #expect(
            rib.begin(on: with, desired: [vip: RouteAttributes()]).first
                == Update(attributes: [
                    PathAttribute(flags: 0x80, value: .mpReach(reach)), plainAttributes[0], plainAttributes[1],
                ]))
    }

    @Test func anIPv4RouteIsWithdrawnAmongTheWithdrawnRoutesHoweverItWasAnnounced() {
        var rib = AdjRIBOut()
        let path = external(
            families: [.ipv4Unicast, .ipv6Unicast], usesExtendedNextHop: true, nextHopIPv6: [local6])
        let first = rib.begin(on: path, desired: [vip: RouteAttributes(), vip6: RouteAttributes()])
        let endOfIPv6 = PathAttribute(flags: 0x80, value: .mpUnreach(MPUnreach(family: .ipv6Unicast, withdrawn: [])))
        #expect(first.suffix(2) == [Update(), Update(attributes: [endOfIPv6])])
        let unreach = MPUnreach(family: .ipv6Unicast, withdrawn: [vip6])
        #expect(
            rib.converge(to: [:]) == [
                Update(withdrawn: [vip]), Update(attributes: [PathAttribute(flags: 0x80, value: .mpUnreach(unreach))]),
            ])
    }

    @Test func aFamilyThePeerDidNotOfferIsNotSentAndSaysWhy() {
        var rib = AdjRIBOut()
        #expect(rib.begin(on: external(), desired: [vip6: RouteAttributes()]) == [Update()])
        #expect(
            external().obstacle(to: .ipv6Unicast) == "the peer did not offer ipv6-unicast on this session")
    }

    @Test func aRefreshSendsAllRoutesOfThatFamilyAgain() {
        var rib = AdjRIBOut()
        _ = rib.begin(on: external(), desired: [vip: RouteAttributes()])
        #expect(rib.refresh([vip, vip6]) == [Update(attributes: plainAttributes, nlri: [vip])])
        #expect(rib.refresh([vip6, other]) == [])
    }

    @Test func anotherNextHopIsToldWithoutAWithdrawal() {
        var rib = AdjRIBOut()
        _ = rib.begin(on: external(), desired: [vip: RouteAttributes(), other: RouteAttributes()])
        var path = external()
        path.nextHopIPv4 = IPv4Address(0x0A00_0063)
        #expect(
            rib.move(to: path, desired: [vip: RouteAttributes()]) == [
                Update(withdrawn: [other]),
                Update(
                    attributes: plainAttributes.dropLast() + [
                        PathAttribute(flags: 0x40, value: .nextHop(IPv4Address(0x0A00_0063)))
                    ], nlri: [vip]),
            ])
        #expect(rib.told == [vip: RouteAttributes()])
        // The same once more is no news, and without a session there is nothing to move.
        #expect(rib.move(to: path, desired: [vip: RouteAttributes()]) == [])
        rib.end()
        #expect(rib.move(to: path, desired: [vip: RouteAttributes()]) == [])
        #expect(rib.path == nil)
    }
}
