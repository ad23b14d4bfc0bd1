import BGPWire
import Testing

struct NotificationTests {
    @Test(
        arguments: [
            (.connectionNotSynchronized, "01 01", "Message Header Error/Connection Not Synchronized"),
            (.badMessageLength(0x1234), "01 02 1234", "Message Header Error/Bad Message Length (length 4660)"),
            (.badMessageType(255), "01 03 ff", "Message Header Error/Bad Message Type (type 255)"),
            (.malformedOpen, "02 00", "OPEN Message Error"),
            (.unsupportedVersion, "02 01 0004", "OPEN Message Error/Unsupported Version Number (speaks version 4)"),
            (.badPeerAS, "02 02", "OPEN Message Error/Bad Peer AS"),
            (.badBGPIdentifier, "02 03", "OPEN Message Error/Bad BGP Identifier"),
            (.unsupportedOptionalParameter, "02 04", "OPEN Message Error/Unsupported Optional Parameter"),
            (.unacceptableHoldTime, "02 06", "OPEN Message Error/Unacceptable Hold Time"),
            (
                .unsupportedCapability(missing: [.multiprotocol(.ipv6Unicast), .routeRefresh]),
                "02 07 0104000200010200",
                "OPEN Message Error/Unsupported Capability (multiprotocol ipv6-unicast, route refresh)"
            ),
            (.malformedAttributeList, "03 01", "UPDATE Message Error/Malformed Attribute List"),
            (.invalidNetworkField, "03 0a", "UPDATE Message Error/Invalid Network Field"),
            (.holdTimerExpired, "04 00", "Hold Timer Expired"),
            (
                .fsmError(subcode: 1, messageType: .update), "05 01 02",
                "Finite State Machine Error/Unexpected Message in OpenSent (UPDATE)"
            ),
            (
                .fsmError(subcode: 2, messageType: .open), "05 02 01",
                "Finite State Machine Error/Unexpected Message in OpenConfirm (OPEN)"
            ),
            (
                .fsmError(subcode: 3, messageType: .routeRefresh), "05 03 05",
                "Finite State Machine Error/Unexpected Message in Established (ROUTE-REFRESH)"
            ),
            (
                .cease(subcode: 2, communication: "maintenance"), "06 02 0b6d61696e74656e616e6365",
                "Cease/Administrative Shutdown \"maintenance\""
            ),
            (.cease(subcode: 2), "06 02", "Cease/Administrative Shutdown"),
            (.cease(subcode: 4, communication: "ü"), "06 04 02c3bc", "Cease/Administrative Reset \"ü\""),
            (.cease(subcode: 7, communication: "only 2 and 4"), "06 07", "Cease/Connection Collision Resolution"),
            (.sendHoldTimerExpired, "08 00", "Send Hold Timer Expired"),
        ] as [(Notification, String, String)])
    func eachErrorHasItsOctetsAndItsWords(_ notification: Notification, _ hex: String, _ words: String) throws {
        let bytes = frame(type: 3, octets(hex))
        #expect(Message.notification(notification).encoded(fourOctetAS: true) == bytes)
        var codec = MessageCodec()
        #expect(try codec.decode(bytes) == .notification(notification))
        #expect(notification.description == words)
    }

    @Test(
        arguments: [
            ("02 02 fde7", "OPEN Message Error/Bad Peer AS (data fde7)"),
            ("02 05", "OPEN Message Error/Authentication Failure"),
            ("02 0b", "OPEN Message Error/Role Mismatch"),
            ("02 0c", "OPEN Message Error/subcode 12"),
            ("03 02", "UPDATE Message Error/Unrecognized Well-known Attribute"),
            ("03 03 01", "UPDATE Message Error/Missing Well-known Attribute (data 01)"),
            ("03 04", "UPDATE Message Error/Attribute Flags Error"),
            ("03 05 4003030a4d01", "UPDATE Message Error/Attribute Length Error (data 4003030a4d01)"),
            ("03 06", "UPDATE Message Error/Invalid ORIGIN Attribute"),
            ("03 07", "UPDATE Message Error/AS Routing Loop"),
            ("03 08", "UPDATE Message Error/Invalid NEXT_HOP Attribute"),
            ("03 09", "UPDATE Message Error/Optional Attribute Error"),
            ("03 0b", "UPDATE Message Error/Malformed AS_PATH"),
            ("05 00", "Finite State Machine Error"),
            ("05 01 ff", "Finite State Machine Error/Unexpected Message in OpenSent (type 255)"),
            ("06 00", "Cease"),
            ("06 00 aaaa", "Cease (data aaaa)"),
            ("06 01 0001010000000a", "Cease/Maximum Number of Prefixes Reached (data 0001010000000a)"),
            ("06 03", "Cease/Peer De-configured"),
            ("06 04", "Cease/Administrative Reset"),
            ("06 05", "Cease/Connection Rejected"),
            ("06 06", "Cease/Other Configuration Change"),
            ("06 08", "Cease/Out of Resources"),
            ("06 0a", "Cease/BFD Down"),
            ("06 0b", "Cease/subcode 11"),
            ("07 01", "ROUTE-REFRESH Message Error/Invalid Message Length"),
            ("08 00", "Send Hold Timer Expired"),
            ("00 00", "Error code 0"),
            ("63 63 7a7a", "Error code 99/subcode 99 (data 7a7a)"),
            (
                "63 00 000102030405060708090a0b0c0d0e0f10",
                "Error code 99 (data 000102030405060708090a0b0c0d0e0f…)"
            ),
            ("01 02 12", "Message Header Error/Bad Message Length (data 12)"),
            ("06 09", "Cease/Hard Reset"),
            ("06 09 06", "Cease/Hard Reset (data 06)"),
            ("06 09 06 02 04 646f776e", "Cease/Hard Reset (Cease/Administrative Shutdown \"down\")"),
            ("06 09 04 00", "Cease/Hard Reset (Hold Timer Expired)"),
            ("06 09 06 09 06 09 06 09", "Cease/Hard Reset (Cease/Hard Reset)"),
        ])
    func whateverIsReceivedHasWords(_ hex: String, _ words: String) throws {
        var codec = MessageCodec()
        guard case .notification(let notification) = try codec.decode(frame(type: 3, octets(hex))) else {
            Issue.record("not a NOTIFICATION")
            return
        }
        #expect(notification.description == words)
    }

    @Test func dataThatDoesNotFitAMessageIsCut() {
        let bytes = Message.notification(
            Notification(code: 6, subcode: 0, data: Array(repeating: 0xAA, count: 5000))
        ).encoded(fourOctetAS: true)
        #expect(bytes == frame(type: 3, [6, 0] + Array(repeating: 0xAA, count: 4075)))
        #expect(bytes.count == 4096)
    }
}

struct ShutdownCommunicationTests {
    @Test(
        arguments: [
            ("", nil), ("00", nil), ("02 6869", "hi"),
            ("c8 73686f7274", "short"),  // the length octet lies
            ("02 68690a6c6f67", "hi"),  // octets behind the text
            ("06 fffec080eda0", #"\xff\xfe\xc0\x80\xed\xa0"#),
            ("05 61c3 62e2 82", #"a\xc3b\xe2\x82"#),
            ("0a 610a3c303e66616b650d", #"a\n<0>fake\r"#),
            ("0a 1b5b33316d0078790709", #"\u{1b}[31m\u{0}xy\u{7}\t"#),
            ("04 22 5c 27 7f", #"\"\\'\u{7f}"#),
            ("0b e280a8 e280ae c285 efbbbf", #"\u{2028}\u{202e}\u{85}\u{feff}"#),
            ("04 f09f9880", "😀"), ("03 f09f98", #"\xf0\x9f\x98"#),
        ] as [(String, String?)])
    func theTextOfAPeerIsOneSafeLine(_ hex: String, _ text: String?) {
        for subcode: UInt8 in [2, 4] {
            #expect(Notification(code: 6, subcode: subcode, data: octets(hex)).communication == text)
        }
        #expect(Notification(code: 6, subcode: 3, data: octets(hex)).communication == nil)
        #expect(Notification(code: 5, subcode: 2, data: octets(hex)).communication == nil)
    }

    @Test(
        arguments: [
            (String(repeating: "a", count: 128), 128), (String(repeating: "a", count: 129), 128),
            (String(repeating: "ü", count: 64), 128), ("a" + String(repeating: "ü", count: 64), 127),
            (String(repeating: "€", count: 43), 126), (String(repeating: "😀", count: 33), 128),
            ("abc" + String(repeating: "😀", count: 33), 127),
        ])
    func aLongTextIsCutBetweenCharacters(_ text: String, _ count: Int) throws {
        let data = Notification.cease(subcode: 2, communication: text).data
        #expect(data == [UInt8(count)] + Array(text.utf8.prefix(count)))
        #expect(String(validating: data.dropFirst(), as: UTF8.self) != nil)
    }

    @Test func a255OctetTextIsShownWhole() {
        let data = [255] + Array(repeating: UInt8(ascii: "A"), count: 255)
        #expect(
            Notification(code: 6, subcode: 2, data: data).communication == String(repeating: "A", count: 255))
    }
}
