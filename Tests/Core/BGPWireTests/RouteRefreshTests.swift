import BGPWire
import Testing

/// ROUTE-REFRESH (RFC 2918), and what its extensions may put into it.
struct RouteRefreshTests {
    private func received(_ hex: String) throws -> ReceivedMessage {
        var codec = MessageCodec.external(fourOctetAS: true)
        return try codec.decode(frame(type: 5, octets(hex)))
    }

    @Test(
        arguments: [
            ("0001 00 01", RouteRefresh(family: .ipv4Unicast)), ("0002 00 01", RouteRefresh(family: .ipv6Unicast)),
            ("0019 00 46", RouteRefresh(family: AddressFamily(afi: 25, safi: 70))),
            // RFC 7313: begin, end, and a subtype that nobody has defined.
            ("0001 01 01", RouteRefresh(family: .ipv4Unicast, subtype: 1)),
            ("0001 02 01", RouteRefresh(family: .ipv4Unicast, subtype: 2)),
            ("0001 ff 01", RouteRefresh(family: .ipv4Unicast, subtype: 255)),
        ])
    func aRequestIsAFamilyAndASubtype(_ hex: String, _ refresh: RouteRefresh) throws {
        #expect(try received(hex) == .routeRefresh(refresh))
        #expect(Message.routeRefresh(refresh).encoded(fourOctetAS: true) == frame(type: 5, octets(hex)))
    }

    /// Outbound route filters (RFC 5291) that nobody agreed on, sound, cut short or nonsense; and a begin of a refresh
    /// that is too long, for which RFC 7313 section 5 has only those answer 7/1 who know it.
    @Test(
        arguments: [
            ("00", "01 40 000a 01 00000001 20 0a000001"), ("00", "01 40 ffff 01"), ("00", "02"), ("00", "ffffffffffff"),
            ("01", "aa"), ("02", "0000"),
        ])
    func whatStandsBehindTheRequestIsKeptAndHarmsNobody(_ subtype: String, _ rest: String) throws {
        #expect(
            try received("0001 \(subtype) 01 \(rest)")
                == .routeRefresh(
                    RouteRefresh(family: .ipv4Unicast, subtype: octets(subtype)[0], rest: octets(rest))))
    }
}
