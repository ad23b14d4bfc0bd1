import Advertising
import BGPWire
import IPTypes
import Testing

struct RouteAdjustmentTests {
    let route = RouteAttributes(
        multiExitDiscriminator: 10, localPreference: 200, prepend: 2, communities: [Community(0xFDE8_0001)],
        extendedCommunities: [ExtendedCommunity(1)], largeCommunities: [LargeCommunity(65000, 1, 1)])

    @Test func noAdjustmentLeavesTheRouteAsItIs() {
        #expect(route.adjusted(by: RouteAdjustment()) == route)
    }

    @Test func singleValuesAreReplacedAndCommunitiesAdded() {
        let adjustment = RouteAdjustment(
            multiExitDiscriminator: 0, localPreference: 50, prepend: 0,
            communities: [.noExport, Community(0xFDE8_0001)], extendedCommunities: [ExtendedCommunity(2)],
            largeCommunities: [LargeCommunity(65000, 1, 2)])
        #expect(
            route.adjusted(by: adjustment)
                == RouteAttributes(
                    multiExitDiscriminator: 0, localPreference: 50, prepend: 0,
                    communities: [Community(0xFDE8_0001), .noExport],
                    extendedCommunities: [ExtendedCommunity(1), ExtendedCommunity(2)],
                    largeCommunities: [LargeCommunity(65000, 1, 1), LargeCommunity(65000, 1, 2)]))
    }

    @Test func whatTheRouteLacksIsSet() {
        #expect(
            RouteAttributes().adjusted(by: RouteAdjustment(multiExitDiscriminator: 1, localPreference: 2, prepend: 3))
                == RouteAttributes(multiExitDiscriminator: 1, localPreference: 2, prepend: 3))
    }

    /// A session over IPv4 on which both families go, and its own addresses as next hops.
    static let path = SessionPath(
        localAS: ASNumber(65001), isInternal: false, usesFourOctetAS: true, families: [.ipv4Unicast, .ipv6Unicast],
        usesExtendedNextHop: false, nextHopIPv4: IPv4Address(0x0A00_0002),
        nextHopIPv6: [IPv6Address(high: 1, low: 2), IPv6Address(high: 0xFE80 << 48, low: 2)])

    @Test func ourOwnAddressesAreTheNextHopsUnlessOthersAreGiven() {
        #expect(Self.path.adjusted(by: RouteAdjustment()) == Self.path)
    }

    @Test func theNextHopOfOneFamilyLeavesTheOther() {
        var expected = Self.path
        expected.nextHopIPv4 = IPv4Address(0x0A00_0063)
        #expect(Self.path.adjusted(by: RouteAdjustment(nextHopIPv4: IPv4Address(0x0A00_0063))) == expected)
        expected = Self.path
        expected.nextHopIPv6 = [IPv6Address(high: 1, low: 0x63)]
        #expect(Self.path.adjusted(by: RouteAdjustment(nextHopIPv6: IPv6Address(high: 1, low: 0x63))) == expected)
    }

    @Test func aGivenIPv4NextHopIsUsedAlthoughExtendedNextHopWasAgreedOn() {
        var path = Self.path
        path.usesExtendedNextHop = true
        path.nextHopIPv4 = nil
        var rib = AdjRIBOut()
        let vip = IPPrefix(host: .v4(IPv4Address(0xC000_020A)))
        _ = rib.begin(
            on: path.adjusted(by: RouteAdjustment(nextHopIPv4: IPv4Address(0x0A00_0063))),
            desired: [vip: RouteAttributes()])
        #expect(rib.nextHop(of: vip) == .v4(IPv4Address(0x0A00_0063)))
    }
}
