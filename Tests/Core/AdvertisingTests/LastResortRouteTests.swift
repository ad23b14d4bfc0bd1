import BGPWire
import IPTypes
import Testing

@testable import Advertising

/// The marks of a last resort, as peers of each kind see them.
struct LastResortRouteTests {
    let vip = IPPrefix(host: .v4(IPv4Address(0x0AFF_0001)))
    let local = IPv4Address(0x0A00_0001)
    let route = RouteAttributes(
        multiExitDiscriminator: 10, localPreference: 200, prepend: 1, communities: [Community(0xFDE8_0001)])

    private func attributes(isInternal: Bool) -> [PathAttribute] {
        let path = SessionPath(
            localAS: ASNumber(65001), isInternal: isInternal, usesFourOctetAS: true, families: [.ipv4Unicast],
            usesExtendedNextHop: false, nextHopIPv4: local, nextHopIPv6: [])
        return path.pathAttributes(route.asLastResort, nextHop: local)
    }

    private func asPath(_ count: Int) -> PathAttribute {
        PathAttribute(
            flags: 0x40,
            value: .asPath([ASPathSegment(.sequence, Array(repeating: ASNumber(65001), count: count))]))
    }

    private let communities = PathAttribute(
        flags: 0xC0, value: .communities([Community(0xFDE8_0001), .gracefulShutdown]))

    @Test func anExternalPeerSeesTheCommunityTheHighestMEDAndALongPath() {
        #expect(
            attributes(isInternal: false) == [
                PathAttribute(flags: 0x40, value: .origin(.igp)), asPath(5),
                PathAttribute(flags: 0x40, value: .nextHop(local)),
                PathAttribute(flags: 0x80, value: .multiExitDiscriminator(.max)), communities,
            ])
    }

    @Test func anInternalPeerSeesTheLowestPreferenceAndNoASOfItsOwnThatWouldBeALoop() {
        #expect(
            attributes(isInternal: true) == [
                PathAttribute(flags: 0x40, value: .origin(.igp)), PathAttribute(flags: 0x40, value: .asPath([])),
                PathAttribute(flags: 0x40, value: .nextHop(local)),
                PathAttribute(flags: 0x80, value: .multiExitDiscriminator(.max)),
                PathAttribute(flags: 0x40, value: .localPreference(0)), communities,
            ])
    }
}
