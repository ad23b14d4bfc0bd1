import BGPWire
import IPTypes
import Testing

/// The form of every UPDATE that we send (RFC 4271 section 4.3, RFC 7606 section 5.1).
struct SentUpdateTests {
    /// Enough of each family for several messages, host routes and others, all in one bag.
    private let prefixes =
        (0..<1000).map { IPPrefix(host: .v4(IPv4Address(0x0A00_0000 + UInt32($0)))) }
        + (0..<300).map { IPPrefix(host: .v6(IPv6Address(high: 0x2001_0DB8 << 32, low: UInt64($0)))) }
        + [prefix("10.128.0.0/9"), prefix("2001:db8:8000::/33")]

    private let attributes = [
        PathAttribute(.origin(.igp)), PathAttribute(.asPath([ASPathSegment(.sequence, [ASNumber(4_200_000_001)])])),
        PathAttribute(.multiExitDiscriminator(7)), PathAttribute(.communities([.gracefulShutdown])),
        PathAttribute(.largeCommunities([LargeCommunity(65001, 1, 2)])),
    ]

    /// All that can be packed of `prefixes`, for a peer with AS numbers of this width.
    private func packed(fourOctetAS: Bool) -> [Update] {
        let hops = [address("2001:db8::1"), address("fe80::1")]
        return Update.packed(withdrawing: prefixes)
            + Update.packed(announcing: prefixes, attributes: attributes, fourOctetAS: fourOctetAS)
            + Update.packed(
                announcing: prefixes, nextHops: hops, attributes: attributes, fourOctetAS: fourOctetAS)
            + [.endOfRIB(.ipv4Unicast), .endOfRIB(.ipv6Unicast)]
    }

    @Test(arguments: [true, false])
    func anUpdateHoldsOnlyOneKindOfRoutes(_ fourOctetAS: Bool) {
        let kinds = packed(fourOctetAS: fourOctetAS).map { update in
            (update.withdrawn.isEmpty ? 0 : 1) + (update.nlri.isEmpty ? 0 : 1)
                + update.attributes.count { $0.type == 14 || $0.type == 15 }
        }
        #expect(kinds.dropLast(2).allSatisfy { $0 == 1 })
        #expect(kinds.suffix(2) == [0, 1])
        #expect(kinds.count > 11)
    }

    @Test(arguments: [true, false])
    func theMultiprotocolAttributeIsFirstAndTheOthersAscend(_ fourOctetAS: Bool) {
        for update in packed(fourOctetAS: fourOctetAS) {
            let types = update.attributes.map(\.type)
            let others = types.first == 14 || types.first == 15 ? types.dropFirst() : types[...]
            #expect(others.allSatisfy { $0 != 14 && $0 != 15 })
            #expect(Array(others) == Set(others).sorted())
        }
    }

    @Test(arguments: [true, false])
    func ourOwnReaderFindsNothingWrongWithThem(_ fourOctetAS: Bool) throws {
        var codec = MessageCodec.external(fourOctetAS: fourOctetAS)
        for update in packed(fourOctetAS: fourOctetAS) {
            let bytes = Message.update(update).encoded(fourOctetAS: fourOctetAS)
            #expect((23...4096).contains(bytes.count))
            guard case .update(let summary) = try codec.decode(bytes) else { continue }
            // NEXT_HOP is left out of the attributes here, so that one set serves both kinds of announcement.
            let missing = update.nlri.isEmpty ? nil : "NEXT_HOP is missing (treat-as-withdraw)"
            #expect(summary.malformation == missing)
        }
    }

    @Test func theBitsBehindAPrefixAreZero() {
        let updates = Update.packed(withdrawing: [prefix("10.128.0.0/9")])
        #expect(updates.map { Message.update($0).encoded(fourOctetAS: true) } == [updateFrame(withdrawn: "09 0a80")])
        // Whatever was written behind the length in the settings is gone before it gets here.
        let host = IPPrefix(.v4(IPv4Address(0x0AFF_FFFF)), length: 9).map { [$0] } ?? []
        #expect(
            Update.packed(withdrawing: host).map { Message.update($0).encoded(fourOctetAS: true) }
                == [updateFrame(withdrawn: "09 0a80")])
    }
}
