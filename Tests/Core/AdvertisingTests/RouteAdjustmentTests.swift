import Advertising
import BGPWire
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
}
