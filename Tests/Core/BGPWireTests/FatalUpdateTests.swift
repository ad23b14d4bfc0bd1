import BGPWire
import IPTypes
import Testing

/// UPDATEs that end the session: its fields or its prefixes cannot be found (RFC 7606 sections 3, 5.2 and 5.3).
struct FatalUpdateTests {
    static let origin = "40010100"
    static let path = "40020602010000fdf2"
    static let nextHop = "4003040a4d010a"
    static let route = "\(origin) \(path) \(nextHop)"
    static let reach = "800e1c0002011020010db8000000000000000000000002003020010db80001"

    private func error(withdrawn: String = "", attributes: String = "", nlri: String = "") -> DecodeError? {
        decodeError(updateFrame(withdrawn: withdrawn, attributes: attributes, nlri: nlri))
    }

    @Test func withdrawnRoutesThatRunPastTheMessage() {
        #expect(
            decodeError(frame(type: 2, octets("01f4 18c63364 0000")))
                == DecodeError(.malformedAttributeList, "the withdrawn routes run past the message"))
    }

    @Test func pathAttributesThatRunPastTheMessage() {
        #expect(
            decodeError(frame(type: 2, octets("0000 0bb8 \(Self.route) 18c63364")))
                == DecodeError(.malformedAttributeList, "the path attributes run past the message"))
    }

    @Test func withdrawnRoutesThatLeaveNoRoomForTheLengthOfTheAttributes() {
        #expect(
            decodeError(frame(type: 2, octets("0003 18c633 00")))
                == DecodeError(.malformedAttributeList, "the path attributes run past the message"))
    }

    @Test(arguments: ["21c633640000", "18c633", "18", "18c6336420c63364"])
    func anAnnouncedPrefixThatIsTooLongOrCutShort(_ nlri: String) {
        #expect(
            error(attributes: Self.route, nlri: nlri)
                == DecodeError(.invalidNetworkField, "an announced prefix is too long or cut short"))
    }

    @Test(arguments: ["21c633640000", "18c633", "ff"])
    func aWithdrawnPrefixThatIsTooLongOrCutShort(_ withdrawn: String) {
        #expect(
            error(withdrawn: withdrawn)
                == DecodeError(.invalidNetworkField, "a withdrawn prefix is too long or cut short"))
    }

    @Test func multiprotocolAttributesThatComeTwice() {
        #expect(
            error(attributes: "\(Self.reach) \(Self.reach) \(Self.origin) \(Self.path)")
                == DecodeError(.malformedAttributeList, "attribute 14 comes twice"))
        #expect(
            error(attributes: "800f03000201 800f03000201")
                == DecodeError(.malformedAttributeList, "attribute 15 comes twice"))
    }

    @Test(
        arguments: [
            ("800e0400020100", "MP_REACH_NLRI is cut short"),
            ("800e0500020110ff", "MP_REACH_NLRI is cut short"),
            ("800e0900020104aabbccdd00", "MP_REACH_NLRI: next hop of 4 octets"),
            ("800e11000201050102030405003020010db80001", "MP_REACH_NLRI: next hop of 5 octets"),
            ("800e0600010101aa00", "MP_REACH_NLRI: next hop of 1 octets"),
            (
                "800e270002011020010db80000000000000000000000000081 2020202020202020202020202020202020",
                "MP_REACH_NLRI: a prefix is too long or cut short"
            ),
            ("800e0b0001010401020304002110", "MP_REACH_NLRI: a prefix is too long or cut short"),
            ("800f020002", "MP_UNREACH_NLRI is cut short"),
            ("800f00", "MP_UNREACH_NLRI is cut short"),
            ("800f0500020140ff", "MP_UNREACH_NLRI: a prefix is too long or cut short"),
            ("800f050001012120", "MP_UNREACH_NLRI: a prefix is too long or cut short"),
        ])
    func aMultiprotocolAttributeThatCannotBeReadComesBackAsData(_ attribute: String, _ words: String) {
        let attribute = exact(attribute)
        #expect(
            decodeError(
                frame(type: 2, [0, 0, 0, UInt8(attribute.count + 4)] + attribute + octets(Self.origin)))
                == DecodeError(Notification(code: 3, subcode: 9, data: attribute), words))
    }

    /// The attribute with its length octet put right, so that only what is inside is wrong.
    private func exact(_ attribute: String) -> [UInt8] {
        var attribute = octets(attribute)
        attribute[2] = UInt8(attribute.count - 3)
        return attribute
    }

    @Test(
        arguments: [
            ("40010107", 6, "40010107", "ORIGIN: undefined value"),
            ("4001020000", 5, "4001020000", "ORIGIN: length 2"),
            ("c0010100", 4, "c0010100", "ORIGIN: flags 0xc0"),
            ("40020402010001", 11, "", "AS_PATH: a segment runs past the end"),
            ("4003030a4d01", 5, "4003030a4d01", "NEXT_HOP: length 3"),
            ("8004020001", 5, "8004020001", "MULTI_EXIT_DISC: length 2"),
            ("c00803000102", 5, "c00803000102", "COMMUNITIES: length 3"),
            ("c00e09 00010104 01020304 00", 4, "c00e09 00010104 01020304 00", "MP_REACH_NLRI: flags 0xc0"),
        ])
    func aMalformedAttributeWhereNothingIsAnnounced(
        _ attribute: String, _ subcode: UInt8, _ data: String, _ words: String
    ) {
        #expect(
            error(attributes: attribute)
                == DecodeError(
                    Notification(code: 3, subcode: subcode, data: octets(data)),
                    "\(words), in an UPDATE that announces nothing"))
    }

    /// RFC 7606 section 3c: wrong flags are treat-as-withdraw whatever the attribute, and section 5.2 makes that a reset.
    @Test(
        arguments: [
            ("400f03000201", "MP_UNREACH_NLRI"), ("c00f03000201", "MP_UNREACH_NLRI"),
            ("400f08000101 20c0000201", "MP_UNREACH_NLRI"),
            ("4007080000fde90a000001", "AGGREGATOR"), ("8007080000fde90a000001", "AGGREGATOR"),
            ("c00600", "ATOMIC_AGGREGATE"), ("000600", "ATOMIC_AGGREGATE"), ("c00601aa", "ATOMIC_AGGREGATE"),
            ("40080400010002", "COMMUNITIES"), ("800304 0a000001", "NEXT_HOP"),
        ])
    func wrongFlagsWhereNothingIsAnnounced(_ attribute: String, _ name: String) {
        let flags = String(attribute.prefix(2)).drop { $0 == "0" }
        for attributes in ["\(Self.origin) \(attribute)", "\(attribute) \(Self.origin)"] {
            #expect(
                error(attributes: attributes)
                    == DecodeError(
                        Notification(code: 3, subcode: 4, data: octets(attribute)),
                        "\(name): flags 0x\(flags.isEmpty ? "0" : flags), in an UPDATE that announces nothing"))
        }
        // Withdrawn routes do not make it better, announced ones do.
        #expect(error(withdrawn: "18c63364", attributes: "\(Self.origin) \(attribute)")?.notification.subcode == 4)
        #expect(error(attributes: "\(Self.route) \(attribute)", nlri: "18c63364") == nil)
    }

    @Test(arguments: [true, false])
    func wrongFlagsOnWhatOnlyTwoOctetSessionsHave(_ fourOctetAS: Bool) {
        // Between speakers of four-octet AS numbers it is discarded whatever it looks like (RFC 6793 section 4.1).
        for attribute in ["40110602010000fd85", "4012080000fd8501020304"] {
            let error = decodeError(updateFrame(attributes: attribute), codec: .external(fourOctetAS: fourOctetAS))
            #expect(
                error?.notification
                    == (fourOctetAS ? nil : Notification(code: 3, subcode: 4, data: octets(attribute))))
        }
    }

    @Test(arguments: ["c0050400000064", "c0090401020304", "c00a0401020304"])
    func wrongFlagsOnWhatMeansNothingFromOutside(_ attribute: String) {
        #expect(error(attributes: "\(Self.origin) \(attribute)") == nil)
        #expect(
            decodeError(updateFrame(attributes: attribute), codec: .internal(fourOctetAS: true))?.notification
                == Notification(code: 3, subcode: 4, data: octets(attribute)))
    }

    @Test func anAttributeThatRunsPastTheAttributesWhereNothingIsAnnounced() {
        #expect(
            error(attributes: "\(Self.origin) 800409 00000001")
                == DecodeError(.malformedAttributeList, "an attribute runs past the path attributes"))
    }

    @Test func theFirstOfSeveralFaultsIsReported() {
        #expect(
            error(attributes: "40010107 4003030a4d01")?.notification
                == Notification(code: 3, subcode: 6, data: octets("40010107")))
    }

    @Test(arguments: ["400601aa", "80090100", "800a03010203", "40050101", "c0120101", "4001010040010107"])
    func whatIsOnlyDiscardedDoesNotEndTheSessionEvenThen(_ attribute: String) {
        #expect(error(attributes: attribute) == nil)
    }

    @Test(arguments: ["80090100", "800a03010203", "40050101"])
    func fromAnInternalPeerTheAttributesOfInternalSessionsCount(_ attribute: String) {
        let bytes = octets(attribute)
        #expect(
            decodeError(updateFrame(attributes: attribute), codec: .internal(fourOctetAS: true))?.notification
                == Notification(code: 3, subcode: 5, data: bytes))
    }

    @Test func wrongFlagsOnMPUnreachAloneAreForgiven() throws {
        var codec = MessageCodec.external(fourOctetAS: true)
        let bytes = updateFrame(attributes: "400f03000201")
        #expect(
            try codec.decode(bytes)
                == .update(
                    UpdateSummary(
                        announced: 0, withdrawn: 0, endOfRIB: .ipv6Unicast,
                        malformation: "MP_UNREACH_NLRI: flags 0x40 (treat-as-withdraw)")))
    }
}
