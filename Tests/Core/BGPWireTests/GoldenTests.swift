import BGPWire
import IPTypes
import Testing

struct GoldenTests {
    @Test(arguments: Golden.all)
    func eachKindOfMessageHasItsOctets(_ bytes: [UInt8], _ message: Message) throws {
        #expect(message.encoded(fourOctetAS: true) == bytes)
        #expect(try decoded(bytes) == message)
    }

    @Test func theSessionIsToldOfEachKindOfMessage() throws {
        var codec = MessageCodec.external(fourOctetAS: true)
        let received = try [Golden.update, Golden.notification, Golden.keepalive, Golden.routeRefresh].map {
            try codec.decode($0)
        }
        #expect(
            received == [
                .update(UpdateSummary(announced: 3, withdrawn: 1)),
                .notification(Notification(code: 6, subcode: 2, data: [3, 0x62, 0x79, 0x65])), .keepalive,
                .routeRefresh(RouteRefresh(family: .ipv6Unicast, subtype: 1, rest: [0xAA])),
            ])
        guard case .open(let open) = Golden.openMessage else { return }
        #expect(try codec.decode(Golden.open) == .open(open))
        #expect(received.map(\.type) == [.update, .notification, .keepalive, .routeRefresh])
    }

    @Test(arguments: Golden.all)
    func aCutMessageIsAwaitedOrOfBadLength(_ bytes: [UInt8], _ message: Message) throws {
        for count in 0..<bytes.count {
            let cut = Array(bytes.prefix(count))
            #expect(try frameLength(cut) == (count < 19 ? nil : bytes.count))
            #expect(decodeError(cut)?.notification == .badMessageLength(UInt16(count)))
        }
    }

    /// The message with its last octets gone and its length put right.
    private func shortened(_ bytes: [UInt8], to count: Int) -> [UInt8] {
        frame(type: bytes[18], Array(bytes[19..<count]))
    }

    @Test func everyOpenThatEndsTooEarlyIsMalformed() {
        for count in 19..<29 {
            #expect(decodeError(shortened(Golden.open, to: count))?.notification == .badMessageLength(UInt16(count)))
        }
        for count in 29..<Golden.open.count {
            #expect(decodeError(shortened(Golden.open, to: count))?.notification == .malformedOpen)
        }
    }

    @Test func everyOpenWithFewerCapabilityOctetsIsMalformedUnlessItEndsBehindACapability() {
        var boundaries: [Int] = []
        for count in 31..<Golden.open.count {
            var bytes = shortened(Golden.open, to: count)
            bytes[28] = UInt8(count - 29)
            bytes[30] = UInt8(count - 31)
            if let error = decodeError(bytes) {
                #expect(error == DecodeError(.malformedOpen, "a capability runs past its parameter"))
            } else {
                boundaries.append(count)
            }
        }
        #expect(boundaries == [31, 37, 43, 45, 53, 57, 63, 65])
    }

    @Test func everyUpdateThatEndsTooEarlyIsRefusedUnlessItEndsBehindAPrefix() {
        let bytes = Golden.update
        for count in 19..<bytes.count {
            let expected: Notification? =
                switch count {
                case ..<23: .badMessageLength(UInt16(count))
                case ..<116: .malformedAttributeList  // the withdrawn routes or the attributes are cut
                case 116, 117, 120: nil  // behind the attributes, 0.0.0.0/0 and 10.128.0.0/9
                default: .invalidNetworkField
                }
            #expect(decodeError(shortened(bytes, to: count))?.notification == expected, "at \(count)")
        }
    }

    @Test func everyNotificationAndRouteRefreshIsSoundOnceItsFixedPartIsThere() {
        for count in 19..<Golden.notification.count {
            #expect(
                decodeError(shortened(Golden.notification, to: count))?.notification
                    == (count < 21 ? .badMessageLength(UInt16(count)) : nil))
        }
        for count in 19..<Golden.routeRefresh.count {
            #expect(
                decodeError(shortened(Golden.routeRefresh, to: count))?.notification
                    == (count < 23 ? .badMessageLength(UInt16(count)) : nil))
        }
    }

    @Test(arguments: [0, 1, 254, 255, 256, 1000])
    func unknownAttributesOfEverySizeSurviveARoundTrip(_ count: Int) throws {
        let attribute = PathAttribute(
            flags: count > 255 ? 0xF0 : 0xE0, value: .other(type: 99, value: Array(repeating: 7, count: count)))
        let message = Message.update(Update(attributes: [attribute]))
        #expect(try decoded(message.encoded(fourOctetAS: true)) == message)
    }

    @Test(
        arguments: [
            .asPath([]), .communities([]), .extendedCommunities([]), .largeCommunities([]),
            .other(type: 1, value: [3]), .other(type: 2, value: [9, 1, 0, 0, 0, 1]), .other(type: 8, value: [1]),
            .mpUnreach(MPUnreach(family: .ipv4Unicast, withdrawn: [])), .other(type: 15, value: [0, 25, 70, 1]),
        ] as [PathAttribute.Value])
    func emptyAndMalformedValuesComeBackAsTheyWere(_ value: PathAttribute.Value) throws {
        // Announcing something keeps a malformed attribute from ending the session.
        let message = Message.update(Update(attributes: [PathAttribute(value)], nlri: [prefix("0.0.0.0/0")]))
        let received = try decoded(message.encoded(fourOctetAS: true))
        let empty: [UInt8: PathAttribute.Value] = [
            8: .other(type: 8, value: []), 16: .other(type: 16, value: []), 32: .other(type: 32, value: []),
        ]
        let isEmptyList = [.communities([]), .extendedCommunities([]), .largeCommunities([])].contains(value)
        let expected = isEmptyList ? empty[value.type] ?? value : value
        #expect(
            received == .update(Update(attributes: [PathAttribute(expected)], nlri: [prefix("0.0.0.0/0")])))
    }

    @Test func everyPrefixLengthSurvivesARoundTrip() throws {
        let prefixes4 = (0...32).compactMap { IPPrefix(.v4(IPv4Address(.max)), length: $0) }
        let prefixes6 = (0...128).compactMap { IPPrefix(.v6(IPv6Address(high: .max, low: .max)), length: $0) }
        let hops = [address("2001:db8::1"), address("fe80::1")]
        let update = Update(
            withdrawn: prefixes4,
            attributes: [
                PathAttribute(
                    flags: 0x90, value: .mpReach(MPReach(family: .ipv6Unicast, nextHops: hops, nlri: prefixes6))),
                PathAttribute(flags: 0x90, value: .mpUnreach(MPUnreach(family: .ipv6Unicast, withdrawn: prefixes6))),
            ], nlri: prefixes4)
        let bytes = Message.update(update).encoded(fourOctetAS: true)
        #expect(try decoded(bytes) == .update(update))
        var codec = MessageCodec.external(fourOctetAS: true)
        let summary = UpdateSummary(
            announced: 33 + 129, withdrawn: 33 + 129, malformation: "ORIGIN is missing (treat-as-withdraw)")
        #expect(try codec.decode(bytes) == .update(summary))
    }

    @Test func bitsBehindAPrefixAreClearedWhenItIsDecoded() throws {
        let bytes = updateFrame(withdrawn: "09c6ff")
        #expect(
            try decoded(bytes)
                == .update(Update(withdrawn: [prefix("198.128.0.0/9")])))
    }

    @Test func anAttributeThatRunsPastTheAttributesHasNoValue() {
        let bytes = updateFrame(attributes: "40010100 80040900000001", nlri: "00")
        #expect(throws: DecodeError(.malformedAttributeList, "an attribute runs past the path attributes")) {
            try decoded(bytes)
        }
    }
}
