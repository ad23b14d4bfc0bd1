import BGPWire
import IPTypes
import Testing

struct PackingTests {
    static let attributes = [
        PathAttribute(.origin(.igp)), PathAttribute(.asPath([ASPathSegment(.sequence, [ASNumber(65001)])])),
        PathAttribute(.nextHop(IPv4Address(0x0A00_0001))),
    ]

    private func hosts4(_ count: Int) -> [IPPrefix] {
        (0..<count).map { IPPrefix(host: .v4(IPv4Address(0x0A00_0000 + UInt32($0)))) }
    }

    private func hosts6(_ count: Int) -> [IPPrefix] {
        (0..<count).map { IPPrefix(host: .v6(IPv6Address(high: 0x2001_0DB8 << 32, low: UInt64($0)))) }
    }

    private func sizes(_ updates: [Update], fourOctetAS: Bool = true) -> [Int] {
        updates.map { Message.update($0).encoded(fourOctetAS: fourOctetAS).count }
    }

    @Test func nothingToSayIsNoUpdate() {
        #expect(Update.packed(withdrawing: []) == [])
        #expect(Update.packed(announcing: [], attributes: Self.attributes, fourOctetAS: true) == [])
        #expect(Update.packed(announcing: [], nextHops: [address("::1")], attributes: [], fourOctetAS: true) == [])
    }

    @Test func withdrawalsGoWhereTheirFamilyBelongs() {
        let both = hosts4(1) + hosts6(2) + [prefix("10.1.0.0/16")]
        let unreachable6 = Update(
            attributes: [
                PathAttribute(flags: 0x80, value: .mpUnreach(MPUnreach(family: .ipv6Unicast, withdrawn: hosts6(2))))
            ])
        #expect(
            Update.packed(withdrawing: both)
                == [Update(withdrawn: hosts4(1) + [prefix("10.1.0.0/16")]), unreachable6])
    }

    @Test func announcementsAreInTheNLRIFieldOrInMPReachAsTheFirstAttribute() {
        #expect(
            Update.packed(announcing: hosts4(2) + hosts6(1), attributes: Self.attributes, fourOctetAS: true)
                == [Update(attributes: Self.attributes, nlri: hosts4(2))])
        let hops = [address("2001:db8::1"), address("fe80::1")]
        #expect(
            Update.packed(
                announcing: hosts6(2) + hosts4(1), nextHops: hops, attributes: Self.attributes, fourOctetAS: true)
                == [
                    Update(
                        attributes: [
                            PathAttribute(
                                flags: 0x80,
                                value: .mpReach(MPReach(family: .ipv4Unicast, nextHops: hops, nlri: hosts4(1))))
                        ] + Self.attributes),
                    Update(
                        attributes: [
                            PathAttribute(
                                flags: 0x80,
                                value: .mpReach(MPReach(family: .ipv6Unicast, nextHops: hops, nlri: hosts6(2))))
                        ] + Self.attributes),
                ])
    }

    @Test func withdrawalsFillMessagesToTheLimit() {
        // 4096 - 23 = 4073 octets hold 814 host routes of 5 octets, and 3 are left.
        let updates = Update.packed(withdrawing: hosts4(2000))
        #expect(updates.map(\.withdrawn.count) == [814, 814, 372])
        #expect(sizes(updates) == [4093, 4093, 1883])
        #expect(updates.flatMap(\.withdrawn) == hosts4(2000))
    }

    @Test func aMessageMayBeExactlyFull() {
        // 813 host routes of 5 octets leave 8: two prefixes of 4.
        let prefixes = hosts4(813) + [prefix("10.1.1.0/24"), prefix("10.1.2.0/24")]
        #expect(sizes(Update.packed(withdrawing: prefixes)) == [4096])
        #expect(sizes(Update.packed(withdrawing: prefixes + [prefix("0.0.0.0/0")])) == [4096, 24])
    }

    @Test func announcementsFillMessagesToTheLimit() {
        // 20 octets of attributes leave 4053: 810 host routes.
        let updates = Update.packed(announcing: hosts4(1000), attributes: Self.attributes, fourOctetAS: true)
        #expect(updates.map(\.nlri.count) == [810, 190])
        #expect(sizes(updates) == [4093, 993])
        #expect(updates.allSatisfy { $0.attributes == Self.attributes })
    }

    @Test func multiprotocolAttributesFillMessagesToTheLimit() {
        // 23 + 4 + 3 octets leave 4066: 239 host routes of 17 octets; with next hop and attributes 4028: 236.
        #expect(sizes(Update.packed(withdrawing: hosts6(300))) == [4093, 1067])
        let updates = Update.packed(
            announcing: hosts6(300), nextHops: [address("2001:db8::1")], attributes: Self.attributes, fourOctetAS: true)
        #expect(sizes(updates) == [4080, 1156])
    }

    @Test func attributesThatLeaveNoRoomAnnounceNothing() {
        // 23 + 4 + 4064 octets leave 5: one host route.
        let full = [PathAttribute(.other(type: 240, value: Array(repeating: 0, count: 4064)))]
        #expect(sizes(Update.packed(announcing: hosts4(2), attributes: full, fourOctetAS: true)) == [4096, 4096])
        let fuller = [PathAttribute(.other(type: 240, value: Array(repeating: 0, count: 4065)))]
        #expect(Update.packed(announcing: hosts4(2), attributes: fuller, fourOctetAS: true) == [])
        let huge = [PathAttribute(.other(type: 240, value: Array(repeating: 0, count: 70000)))]
        #expect(Update.packed(announcing: hosts4(2), attributes: huge, fourOctetAS: true) == [])
    }

    @Test func theRoomIsThatOfThePathAsATwoOctetPeerGetsIt() {
        let path = [PathAttribute(.asPath([ASPathSegment(.sequence, Array(repeating: ASNumber(70000), count: 100))]))]
        // AS_PATH of 3 + 202, AS4_PATH of 4 + 402 octets: 3462 are left.
        let updates = Update.packed(announcing: hosts4(700), attributes: path, fourOctetAS: false)
        #expect(updates.map(\.nlri.count) == [692, 8])
        #expect(sizes(updates, fourOctetAS: false) == [4094, 674])
        #expect(updates.allSatisfy { $0.attributes.map(\.type) == [2, 17] })
    }

    @Test func moreThan4096OctetsAreNotSent() {
        #expect(Message.update(Update(withdrawn: hosts4(815))).encoded(fourOctetAS: true) == [])
        #expect(Message.update(Update(withdrawn: hosts4(20000))).encoded(fourOctetAS: true) == [])
        #expect(
            Message.update(Update(attributes: Self.attributes, nlri: hosts4(20000))).encoded(fourOctetAS: true) == [])
        let refresh = RouteRefresh(family: .ipv4Unicast, rest: Array(repeating: 0, count: 4074))
        #expect(Message.routeRefresh(refresh).encoded(fourOctetAS: true) == [])
    }

    @Test func endOfRIBIsTheShortestUpdateOfItsFamily() {
        #expect(Message.update(.endOfRIB(.ipv4Unicast)).encoded(fourOctetAS: true) == updateFrame())
        #expect(
            Message.update(.endOfRIB(.ipv6Unicast)).encoded(fourOctetAS: true)
                == updateFrame(attributes: "800f03000201"))
    }
}

struct TwoOctetASTests {
    private func path(_ numbers: UInt32..., kind: ASPathSegment.Kind = .sequence) -> ASPathSegment {
        ASPathSegment(kind, numbers.map { ASNumber($0) })
    }

    @Test func numbersThatFitNeedNothing() {
        let attributes = [
            PathAttribute(.asPath([path(65001, 65535)])), PathAttribute(.aggregator(ASNumber(1), IPv4Address(1))),
        ]
        #expect(attributes.loweredForTwoOctetAS() == attributes)
    }

    @Test func numbersThatDoNotFitTravelInAS4PathAndAS4Aggregator() {
        let attributes = [
            PathAttribute(.mpReach(MPReach(family: .ipv6Unicast, nextHops: [address("::1")], nlri: []))),
            PathAttribute(
                .asPath([path(70000, 65001), path(80000, kind: .set), path(1, kind: .confederationSequence)])),
            PathAttribute(.aggregator(ASNumber(70000), IPv4Address(1))),
            PathAttribute(.communities([.noExport])),
            PathAttribute(.largeCommunities([LargeCommunity(1, 2, 3)])),
        ]
        let lowered = [
            attributes[0],
            PathAttribute(
                .asPath([path(23456, 65001), path(23456, kind: .set), path(1, kind: .confederationSequence)])),
            PathAttribute(.aggregator(.trans, IPv4Address(1))),
            attributes[3],
            PathAttribute(flags: 0xC0, value: .as4Path([path(70000, 65001), path(80000, kind: .set)])),
            PathAttribute(flags: 0xC0, value: .as4Aggregator(ASNumber(70000), IPv4Address(1))),
            attributes[4],
        ]
        #expect(attributes.loweredForTwoOctetAS() == lowered)
        #expect(lowered.loweredForTwoOctetAS() == lowered)
    }

    @Test func theCodecLowersForATwoOctetPeer() {
        var codec = MessageCodec.external(fourOctetAS: false)
        let update = Update(attributes: [PathAttribute(.asPath([path(4_200_000_001)]))], nlri: [prefix("0.0.0.0/0")])
        #expect(
            codec.encode(.update(update))
                == updateFrame(attributes: "400204 0201 5ba0 c01106 0201 fa56ea01", nlri: "00"))
    }

    @Test func aLongSegmentIsSplitAndAnEmptyOneLeftOut() {
        let update = Update(
            attributes: [
                PathAttribute(
                    .asPath([
                        ASPathSegment(.sequence, []),
                        ASPathSegment(.sequence, Array(repeating: ASNumber(1), count: 256)),
                    ]))
            ])
        #expect(
            Message.update(update).encoded(fourOctetAS: true)
                == updateFrame(
                    attributes: "50020404 02ff" + String(repeating: "00000001", count: 255) + "0201 00000001"))
    }
}
