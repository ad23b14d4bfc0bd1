import BGPWire
import IPTypes
import Testing

/// UPDATEs that a receiver has to survive (RFC 7606), from an external peer with four-octet AS numbers.
struct SurvivableUpdateTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        var summary: UpdateSummary

        init(
            _ description: String, withdrawn: String = "", attributes: String = "", nlri: String = "",
            _ summary: UpdateSummary
        ) {
            testDescription = description
            bytes = updateFrame(withdrawn: withdrawn, attributes: attributes, nlri: nlri)
            self.summary = summary
        }
    }

    static let origin = "40010100"
    static let path = "40020602010000fdf2"
    static let nextHop = "4003040a4d010a"

    @Test(arguments: samples)
    func theSessionSurvives(_ sample: Sample) throws {
        var codec = MessageCodec.external(fourOctetAS: true)
        #expect(try codec.decode(sample.bytes) == .update(sample.summary))
    }

    static let samples: [Sample] = [
        Sample(
            "a plain route", attributes: "\(origin) \(path) \(nextHop)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "an IPv6 route in MP_REACH_NLRI",
            attributes: "800e1c0002011020010db8007700000000000000000002003020010db80001 \(origin) \(path)",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "two withdrawals", withdrawn: "18c6336418cb0071",
            UpdateSummary(announced: 0, withdrawn: 2)),
        Sample(
            "the same prefix withdrawn and announced", withdrawn: "18c63364",
            attributes: "\(origin) \(path) \(nextHop)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 1)),
        Sample(
            "the default route, a prefix without octets", attributes: "\(origin) \(path) \(nextHop)", nlri: "00",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "bits behind the prefix length", attributes: "\(origin) \(path) \(nextHop)", nlri: "09c6ff",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "our own AS in the path", attributes: "\(origin) 40020a02020000fdf20000fde9 \(nextHop)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "AS 0 in the path", attributes: "\(origin) 40020a02020000fdf200000000 \(nextHop)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "AS_PATH: AS 0 (treat-as-withdraw)")),
        Sample(
            "an AS_SET", attributes: "\(origin) 40021002010000fdf201020000fd850000fd86 \(nextHop)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "the Extended Length bit on a short value", attributes: "5001000100 \(path) \(nextHop)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "the unused flag bits set", attributes: "4f010100 \(path) \(nextHop)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "an unknown optional transitive attribute", attributes: "\(origin) \(path) \(nextHop) c0f00568656c6c6f",
            nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "the same with the Partial bit", attributes: "\(origin) \(path) \(nextHop) e0f00568656c6c6f",
            nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "an unknown optional non-transitive attribute", attributes: "\(origin) \(path) \(nextHop) 80f10568656c6c6f",
            nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "AS4_PATH and AS4_AGGREGATOR where AS numbers have four octets",
            attributes: "\(origin) \(path) \(nextHop) c0110602010000fd85 c012080000fd8501020304", nlri: "18c63364",
            UpdateSummary(
                announced: 1, withdrawn: 0,
                malformation: "AS4_PATH: from a peer with four-octet AS numbers (attribute discard)")),
        Sample(
            "LOCAL_PREF from outside", attributes: "\(origin) \(path) \(nextHop) 400504000000c8", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "a CLUSTER_LIST of three octets from outside",
            attributes: "\(origin) \(path) \(nextHop) 80090401020304 800a03010203", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "CLUSTER_LIST: length 3 (attribute discard)")),
        Sample(
            "communities of all kinds",
            attributes:
                "\(origin) \(path) \(nextHop) c0080cffffff01ffff0000ffff029a c010080002fdf200000001 c0200c0000fdf20000000100000002",
            nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "MP_REACH_NLRI of a family that is not read here",
            attributes: "800e10001946040102030400030568656c6c6f \(origin) \(path)",
            UpdateSummary(announced: 0, withdrawn: 0)),
        Sample(
            "the next hop 0.0.0.0", attributes: "\(origin) \(path) 40030400000000", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "prefixes that nobody may announce", attributes: "\(origin) \(path) \(nextHop)", nlri: "087f04e004f0",
            UpdateSummary(announced: 3, withdrawn: 0)),
        Sample(
            "an undefined ORIGIN", attributes: "40010103 \(path) \(nextHop)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "ORIGIN: undefined value (treat-as-withdraw)")),
        Sample(
            "ORIGIN of two octets", attributes: "4001020000 \(path) \(nextHop)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "ORIGIN: length 2 (treat-as-withdraw)")),
        Sample(
            "ORIGIN without value", attributes: "400100 \(path) \(nextHop)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "ORIGIN: length 0 (treat-as-withdraw)")),
        Sample(
            "a route without ORIGIN", attributes: "\(path) \(nextHop)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "ORIGIN is missing (treat-as-withdraw)")),
        Sample(
            "a route without AS_PATH", attributes: "\(origin) \(nextHop)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "AS_PATH is missing (treat-as-withdraw)")),
        Sample(
            "a route without NEXT_HOP", attributes: "\(origin) \(path)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "NEXT_HOP is missing (treat-as-withdraw)")),
        Sample(
            "a route with an unknown attribute alone", attributes: "c0f00178", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "ORIGIN is missing (treat-as-withdraw)")),
        Sample(
            "a route without attributes", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "ORIGIN is missing (treat-as-withdraw)")),
        Sample(
            "a path segment of unknown type", attributes: "\(origin) 40020609010000fdf2 \(nextHop)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "AS_PATH: segment type 9 (treat-as-withdraw)")),
        Sample(
            "a path segment that is longer than the path", attributes: "\(origin) 40020602050000fdf2 \(nextHop)",
            nlri: "18c63364",
            UpdateSummary(
                announced: 1, withdrawn: 0, malformation: "AS_PATH: a segment runs past the end (treat-as-withdraw)")),
        Sample(
            "a stray octet behind the path segments", attributes: "\(origin) 40020702010000fdf202 \(nextHop)",
            nlri: "18c63364",
            UpdateSummary(
                announced: 1, withdrawn: 0, malformation: "AS_PATH: a segment runs past the end (treat-as-withdraw)")),
        Sample(
            "a path segment without numbers", attributes: "\(origin) 400208020002010000fdf2 \(nextHop)",
            nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "AS_PATH: empty segment (treat-as-withdraw)")),
        Sample(
            "a confederation segment from outside", attributes: "\(origin) 40020603010000fdf2 \(nextHop)",
            nlri: "18c63364",
            UpdateSummary(
                announced: 1, withdrawn: 0,
                malformation: "AS_PATH: confederation segment from an external peer (treat-as-withdraw)")),
        Sample(
            "NEXT_HOP of three octets", attributes: "\(origin) \(path) 4003030a4d01", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "NEXT_HOP: length 3 (treat-as-withdraw)")),
        Sample(
            "NEXT_HOP of sixteen octets", attributes: "\(origin) \(path) 40031000000000000000000000000000000000",
            nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "NEXT_HOP: length 16 (treat-as-withdraw)")),
        Sample(
            "MULTI_EXIT_DISC of three octets", attributes: "\(origin) \(path) \(nextHop) 800403000001",
            nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "MULTI_EXIT_DISC: length 3 (treat-as-withdraw)")),
        Sample(
            "COMMUNITIES of five octets", attributes: "\(origin) \(path) \(nextHop) c008050001000203", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "COMMUNITIES: length 5 (treat-as-withdraw)")),
        Sample(
            "COMMUNITIES without value", attributes: "\(origin) \(path) \(nextHop) c00800", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "COMMUNITIES: length 0 (treat-as-withdraw)")),
        Sample(
            "extended communities of seven octets", attributes: "\(origin) \(path) \(nextHop) c0100700020001000000",
            nlri: "18c63364",
            UpdateSummary(
                announced: 1, withdrawn: 0, malformation: "EXTENDED COMMUNITIES: length 7 (treat-as-withdraw)")),
        Sample(
            "large communities of eleven octets",
            attributes: "\(origin) \(path) \(nextHop) c0200b0000000000000000000000", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "LARGE_COMMUNITY: length 11 (treat-as-withdraw)")),
        Sample(
            "ORIGIN with the Optional bit", attributes: "c0010100 \(path) \(nextHop)", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "ORIGIN: flags 0xc0 (treat-as-withdraw)")),
        Sample(
            "MULTI_EXIT_DISC with the Transitive bit", attributes: "\(origin) \(path) \(nextHop) c0040400000001",
            nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "MULTI_EXIT_DISC: flags 0xc0 (treat-as-withdraw)")),
        Sample(
            "ATOMIC_AGGREGATE with the Optional bit", attributes: "\(origin) \(path) \(nextHop) c00600",
            nlri: "18c63364",
            UpdateSummary(
                announced: 1, withdrawn: 0, malformation: "ATOMIC_AGGREGATE: flags 0xc0 (treat-as-withdraw)")),
        Sample(
            "an attribute longer than the attributes", attributes: "\(origin) \(path) \(nextHop) 80040900000001",
            nlri: "18c63364",
            UpdateSummary(
                announced: 1, withdrawn: 0,
                malformation: "an attribute runs past the path attributes (treat-as-withdraw)")),
        Sample(
            "two stray octets behind the attributes", attributes: "\(origin) \(path) \(nextHop) c0f0", nlri: "18c63364",
            UpdateSummary(
                announced: 1, withdrawn: 0,
                malformation: "an attribute runs past the path attributes (treat-as-withdraw)")),
        Sample(
            "ONLY_TO_CUSTOMER of three octets", attributes: "\(origin) \(path) \(nextHop) c02303000001",
            nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "ONLY_TO_CUSTOMER: length 3 (treat-as-withdraw)")),
        Sample(
            "MULTI_EXIT_DISC twice", attributes: "\(origin) \(path) \(nextHop) 80040400000001 80040400000002",
            nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "attribute 4 comes twice (attribute discard)")),
        Sample(
            "ORIGIN twice", attributes: "\(origin) \(path) \(nextHop) 40010101", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "attribute 1 comes twice (attribute discard)")),
        Sample(
            "ATOMIC_AGGREGATE with a value", attributes: "\(origin) \(path) \(nextHop) 40060178", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "ATOMIC_AGGREGATE: length 1 (attribute discard)")),
        Sample(
            "AGGREGATOR of seven octets", attributes: "\(origin) \(path) \(nextHop) c0070700000000000000",
            nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "AGGREGATOR: length 7 (attribute discard)")),
        Sample(
            "AGGREGATOR with a two-octet AS where AS numbers have four",
            attributes: "\(origin) \(path) \(nextHop) c00706000101020304", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "AGGREGATOR: length 6 (attribute discard)")),
        Sample(
            "AGGREGATOR with AS 0", attributes: "\(origin) \(path) \(nextHop) c007080000000001020304", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0, malformation: "AGGREGATOR: AS 0 (attribute discard)")),
        Sample(
            "a malformed AS4_PATH", attributes: "\(origin) \(path) \(nextHop) c01103020700", nlri: "18c63364",
            UpdateSummary(
                announced: 1, withdrawn: 0,
                malformation: "AS4_PATH: from a peer with four-octet AS numbers (attribute discard)")),
        Sample(
            "a tunnel encapsulation with a bad length inside (CVE-2023-38802)",
            attributes: "\(origin) \(path) \(nextHop) c01709000800400602616263", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "a tunnel encapsulation without value", attributes: "\(origin) \(path) \(nextHop) c01700", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "an entropy label without value (CVE-2023-38283)", attributes: "\(origin) \(path) \(nextHop) c01c00",
            nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "a malformed prefix SID and IPv6 extended communities of two octets (CVE-2023-31490)",
            attributes: "\(origin) \(path) \(nextHop) c0280a01000700000000000000 c019020000", nlri: "18c63364",
            UpdateSummary(
                announced: 1, withdrawn: 0, malformation: "IPV6 EXTENDED COMMUNITIES: length 2 (treat-as-withdraw)")),
        Sample(
            "a prefix SID of two octets", attributes: "\(origin) \(path) \(nextHop) c028020500", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "an ATTR_SET of two octets (CVE-2023-4481)", attributes: "\(origin) \(path) \(nextHop) c080020000",
            nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "a malformed AIGP", attributes: "\(origin) \(path) \(nextHop) 801a03010002", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "a link-state attribute without value", attributes: "\(origin) \(path) \(nextHop) 801d00", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "a PMSI tunnel of one octet", attributes: "\(origin) \(path) \(nextHop) c0160100", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "MP_UNREACH_NLRI without prefixes, and ORIGIN (CVE-2023-47235)", attributes: "800f03000101 \(origin)",
            UpdateSummary(announced: 0, withdrawn: 0)),
        Sample(
            "MP_REACH_NLRI without prefixes (CVE-2023-41358)",
            attributes: "800e09000101040a4d010100 \(origin) \(path) \(nextHop)",
            UpdateSummary(announced: 0, withdrawn: 0)),
        Sample(
            "AS numbers of two octets where they have four", attributes: "\(origin) 4002040201fdf2 \(nextHop)",
            nlri: "18c63364",
            UpdateSummary(
                announced: 1, withdrawn: 0, malformation: "AS_PATH: a segment runs past the end (treat-as-withdraw)")),
        Sample(
            "IPv6 extended communities of three octets (CVE-2026-37461)",
            attributes: "\(origin) \(path) \(nextHop) c01903000201", nlri: "18c63364",
            UpdateSummary(
                announced: 1, withdrawn: 0, malformation: "IPV6 EXTENDED COMMUNITIES: length 3 (treat-as-withdraw)")),
        Sample(
            "a malformed AS4_PATH in front of AS_PATH (CVE-2026-41643)",
            attributes: "\(origin) c0110402050000 \(path) \(nextHop)", nlri: "18c63364",
            UpdateSummary(
                announced: 1, withdrawn: 0,
                malformation: "AS4_PATH: from a peer with four-octet AS numbers (attribute discard)")),
        Sample(
            "a next hop capability with a bad length inside (CVE-2026-37459)",
            attributes: "\(origin) \(path) \(nextHop) c02710000101040a4d01010001000761626364", nlri: "18c63364",
            UpdateSummary(announced: 1, withdrawn: 0)),
        Sample(
            "flow specifications (CVE-2026-37457)",
            attributes: "800e0f00018500000901180a040101010101 \(origin) \(path)",
            UpdateSummary(announced: 0, withdrawn: 0)),
    ]
}
