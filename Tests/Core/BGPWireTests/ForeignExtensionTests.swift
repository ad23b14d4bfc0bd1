import BGPWire
import Testing

/// Extensions that others use and we do not: they are read past, never refused.
struct ForeignExtensionTests {
    /// Each with a value as it is really sent, and once more with a value that is nonsense.
    @Test(
        arguments: [
            ("06 00", .extendedMessage), ("09 01 03", .other(code: 9, value: [3])),  // role: customer (RFC 9234)
            ("09 00", .other(code: 9, value: [])),
            ("43 01 41", .other(code: 67, value: [0x41])),  // dynamic capability
            ("44 01 00", .other(code: 68, value: [0])),  // multisession
            ("45 04 00010103", .other(code: 69, value: [0, 1, 1, 3])),  // ADD-PATH, both directions (RFC 7911)
            ("45 03 000101", .other(code: 69, value: [0, 1, 1])),
            ("46 00", .enhancedRouteRefresh),
            (
                "47 07 00010180000e10",
                .longLivedGracefulRestart([.init(family: .ipv4Unicast, flags: 0x80, staleTime: 3600)])
            ),
            ("4a 00", .other(code: 74, value: [])),  // BFD strict mode
            ("4b 04 03 627264", .other(code: 75, value: [3, 0x62, 0x72, 0x64])),  // software version
            ("80 00", .other(code: 128, value: [])),  // route refresh from before RFC 2918
            ("00 00", .other(code: 0, value: [])), ("ff 02 dead", .other(code: 255, value: [0xDE, 0xAD])),
        ] as [(String, Capability)])
    func aCapabilityIsReadPast(_ hex: String, _ capability: Capability) throws {
        let parameter = [2, UInt8(octets(hex).count)] + octets(hex)
        let open = Open(
            myAS: 65010, holdTime: 90, identifier: BGPIdentifier(0x0A00_0001), parameters: [.capabilities([capability])]
        )
        let bytes = frame(type: 1, octets("04 fdf2 005a 0a000001") + [UInt8(parameter.count)] + parameter)
        var codec = MessageCodec()
        #expect(try codec.decode(bytes) == .open(open))
    }

    @Test func oneCapabilityInEachOfSeveralParametersIsTheSameAsAllInOne() throws {
        let list: [Capability] = [.multiprotocol(.ipv4Unicast), .routeRefresh, .fourOctetAS(ASNumber(65010))]
        func open(_ parameters: [Open.Parameter]) -> Open {
            Open(myAS: 65010, holdTime: 90, identifier: BGPIdentifier(1), parameters: parameters)
        }
        let one = open([.capabilities(list)])
        let several = open(list.map { .capabilities([$0]) } + [.capabilities(list)])
        var codec = MessageCodec()
        #expect(try codec.decode(Message.open(several).encoded(fourOctetAS: true)) == .open(several))
        #expect(several.capabilities == list + list)
        #expect(several.speakerAS == one.speakerAS)
        #expect(several.offersFourOctetAS)
    }

    /// A path identifier in front of a prefix (RFC 7911) is not understood, as it was not agreed on: its octets are
    /// prefixes like any others, if they can be.
    @Test func aPathIdentifierIsNotToldFromPrefixes() throws {
        let route = "40010100 40020602010000fdf2 4003040a4d010a"
        var codec = MessageCodec.external(fourOctetAS: true)
        #expect(
            try codec.decode(updateFrame(attributes: route, nlri: "00000000 20 0a000001"))
                == .update(UpdateSummary(announced: 5, withdrawn: 0)))
        #expect(
            decodeError(updateFrame(attributes: route, nlri: "00000001 20 0a000001"))
                == DecodeError(.invalidNetworkField, "an announced prefix is too long or cut short"))
    }

    @Test(arguments: [
        "c02304 0000fdf2",  // ONLY_TO_CUSTOMER (RFC 9234)
        "c00808 ffff0006 ffff0007",  // LLGR_STALE and NO_LLGR (RFC 9494)
        "c00804 ffffff04",  // NOPEER
        "c01010 800600000000 0000 ffffffffffffffff",  // extended communities of unknown type (RFC 7606 section 7.14)
        "c0200c 00000000 00000000 00000000",  // a large community of AS 0 (RFC 8092 section 6)
        "c02018 000000010000000100000001 000000010000000100000001",  // the same large community twice
        "80090400000001 800a0400000002",  // ORIGINATOR_ID and CLUSTER_LIST (RFC 4456)
    ])
    func anAttributeIsReadPast(_ attribute: String) throws {
        let route = "40010100 40020602010000fdf2 4003040a4d010a"
        var codec = MessageCodec.external(fourOctetAS: true)
        #expect(
            try codec.decode(updateFrame(attributes: "\(route) \(attribute)", nlri: "18c63364"))
                == .update(UpdateSummary(announced: 1, withdrawn: 0)))
    }
}
