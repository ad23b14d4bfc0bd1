import BGPWire
import IPTypes
import Testing

/// What is told of a received UPDATE.
struct SummaryTests {
    private func summary(_ bytes: [UInt8], _ codec: MessageCodec = .external(fourOctetAS: true)) throws
        -> UpdateSummary?
    {
        var codec = codec
        guard case .update(let summary) = try codec.decode(bytes) else { return nil }
        return summary
    }

    @Test(
        arguments: [
            ("", .ipv4Unicast), ("800f03000201", .ipv6Unicast), ("900f0003000201", .ipv6Unicast),
            ("800f03000101", .ipv4Unicast), ("800f03001946", AddressFamily(afi: 25, safi: 70)),
        ] as [(String, AddressFamily)])
    func anUpdateWithNothingInItIsAnEndOfRIB(_ attributes: String, _ family: AddressFamily) throws {
        #expect(
            try summary(updateFrame(attributes: attributes))
                == UpdateSummary(announced: 0, withdrawn: 0, endOfRIB: family))
    }

    @Test func anythingElseInItMakesItAnOrdinaryUpdate() throws {
        let prefixes = "800f 0c 000201 40 20010db800000000"
        #expect(try summary(updateFrame(attributes: prefixes)) == UpdateSummary(announced: 0, withdrawn: 1))
        let origin = "800f03000201 40010100"
        #expect(try summary(updateFrame(attributes: origin)) == UpdateSummary(announced: 0, withdrawn: 0))
        #expect(
            try summary(updateFrame(withdrawn: "18c63364", attributes: "800f03000201"))
                == UpdateSummary(announced: 0, withdrawn: 1))
        let reach = "800e0900010104 0a000001 00"
        #expect(try summary(updateFrame(attributes: reach)) == UpdateSummary(announced: 0, withdrawn: 0))
    }

    @Test func prefixesOfAllFieldsAreCounted() throws {
        let attributes = """
            800e 1d 000201 10 20010db8000000000000000000000001 00 00 20 20010db8 08 20
            800f 08 000101 00 18 0a0000
            40010100 40020602010000fdf2 4003040a4d010a
            """
        #expect(
            try summary(updateFrame(withdrawn: "00 080a", attributes: attributes, nlri: "00 080a 100a01"))
                == UpdateSummary(announced: 6, withdrawn: 4))
    }

    @Test func aFullMessageIsCounted() throws {
        let attributes = octets("40010100 40020602010000fdf2 4003040a4d010a")
        let room = 4096 - 23 - attributes.count
        let bytes = frame(
            type: 2,
            [0, 0, 0, UInt8(attributes.count)] + attributes
                + (0..<room / 4).flatMap { [24, 10, UInt8($0 >> 8), UInt8($0 & 0xFF)] }
                + Array(repeating: 0, count: room % 4))
        #expect(bytes.count == 4096)
        #expect(try summary(bytes) == UpdateSummary(announced: room / 4 + room % 4, withdrawn: 0))
    }

    @Test func aLongPathAndManyUnknownAttributesAreFine() throws {
        let path = PathAttribute(.asPath([ASPathSegment(.sequence, Array(repeating: ASNumber(65010), count: 850))]))
        let unknown = (130...249).map { PathAttribute(.other(type: $0, value: [$0])) }
        let update = Update(
            attributes: [PathAttribute(.origin(.igp)), path, PathAttribute(.nextHop(IPv4Address(1)))] + unknown,
            nlri: [prefix("198.51.100.0/24")])
        let bytes = Message.update(update).encoded(fourOctetAS: true)
        #expect(bytes.count == 3930)
        #expect(try summary(bytes) == UpdateSummary(announced: 1, withdrawn: 0))
    }

    @Test func theWidthOfASNumbersFollowsTheSession() throws {
        let route = "40010100 400204 0201 fdf2 4003040a4d010a"
        #expect(
            try summary(updateFrame(attributes: route, nlri: "00"), .external(fourOctetAS: false))
                == UpdateSummary(announced: 1, withdrawn: 0))
        #expect(
            try summary(updateFrame(attributes: route, nlri: "00"))
                == UpdateSummary(
                    announced: 1, withdrawn: 0, malformation: "AS_PATH: a segment runs past the end (treat-as-withdraw)"
                ))
    }

    @Test(
        arguments: [
            ("c01106 0201 0000fd85", nil),
            ("c01104 02050000", "AS4_PATH: a segment runs past the end (attribute discard)"),
            ("c012080000fd8501020304", nil), ("c01207 0000fd85010203", "AS4_AGGREGATOR: length 7 (attribute discard)"),
            ("c00706 fdf2 01020304", nil),
            ("c00708 0000fdf2 01020304", "AGGREGATOR: length 8 (attribute discard)"),
            ("c00706 0000 01020304", "AGGREGATOR: AS 0 (attribute discard)"),
        ] as [(String, String?)])
    func attributesOfTwoOctetSessionsAreCheckedThere(_ attribute: String, _ malformation: String?) throws {
        let route = "40010100 400204 0201 fdf2 4003040a4d010a"
        #expect(
            try summary(updateFrame(attributes: "\(route) \(attribute)", nlri: "00"), .external(fourOctetAS: false))
                == UpdateSummary(announced: 1, withdrawn: 0, malformation: malformation))
    }

    @Test func confederationSegmentsAreAnInternalMatter() throws {
        let route = updateFrame(attributes: "40010100 400206 0301 0000fdf2 4003040a4d010a", nlri: "00")
        #expect(
            try summary(route, .internal(fourOctetAS: true)) == UpdateSummary(announced: 1, withdrawn: 0))
        #expect(
            try summary(route)
                == UpdateSummary(
                    announced: 1, withdrawn: 0,
                    malformation: "AS_PATH: confederation segment from an external peer (treat-as-withdraw)"))
    }

    @Test func theFirstFaultIsToldAndTheRestIsStillCounted() throws {
        #expect(
            try summary(
                updateFrame(
                    attributes: "40010107 400300 40020602010000fdf2 800f 05 000101 080a", nlri: "00"))
                == UpdateSummary(
                    announced: 1, withdrawn: 1, malformation: "ORIGIN: undefined value (treat-as-withdraw)"))
    }

    @Test func anUnknownWellKnownAttributeIsWorthALine() throws {
        #expect(
            try summary(updateFrame(attributes: "40c80178"))
                == UpdateSummary(
                    announced: 0, withdrawn: 0, malformation: "unknown well-known attribute 200 (attribute discard)"))
    }

    @Test func whatThePeerHasForWatchedHostRoutesIsTold() throws {
        let four = try #require(IPPrefix(parsing: "10.255.0.1/32"))
        let six = try #require(IPPrefix(parsing: "2001:db8::1/128"))
        func heard(_ frame: [UInt8]) throws -> [HeardRoute]? {
            var codec = MessageCodec(watching: [four, six])
            guard case .update(let summary) = try codec.decode(frame.span.bytes) else { return nil }
            return summary.heard
        }
        let path = "40010100 4002040201fde9 4003040a4d010a c0080400000001"
        let compared: [PathAttribute] = [
            PathAttribute(flags: 0x40, value: .origin(.igp)),
            PathAttribute(flags: 0x40, value: .asPath([ASPathSegment(.sequence, [ASNumber(65001)])])),
        ]
        #expect(
            try heard(updateFrame(attributes: path, nlri: "20 0aff0001 20 0aff0002")) == [HeardRoute(four, compared)])
        #expect(try heard(updateFrame(withdrawn: "20 0aff0001")) == [HeardRoute(four, nil)])
        // Another host, and a shorter prefix that begins alike.
        #expect(try heard(updateFrame(attributes: path, nlri: "20 0aff0002 18 0aff00")) == [])
        let reach = "800e 26 000201 10 20010db8000000000000000000000002 00 80 20010db8000000000000000000000001"
        #expect(
            try heard(updateFrame(attributes: "40010100 4002040201fde9 \(reach)")) == [HeardRoute(six, compared)])
        #expect(
            try heard(updateFrame(attributes: "800f 14 000201 80 20010db8000000000000000000000001"))
                == [HeardRoute(six, nil)])
    }
}
