import Deadlines
import Testing

/// The oracle takes what the RFCs allow, and finds what they do not.
struct OracleTests {
    private let start = Instant(nanoseconds: 0)
    private static let terms = Oracle.Terms(
        nodeAS: 65001, routerAS: 65000, families: [.ipv4], hasFourOctets: true, hasExtendedNextHop: false,
        nextHops: [[10, 0, 0, 2]])

    private static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        Array(repeating: 0xFF, count: 16) + [UInt8((body.count + 19) >> 8), UInt8((body.count + 19) & 0xFF), type]
            + body
    }

    private static let open = message(
        1, [4, 0xFD, 0xE9, 0, 9, 10, 0, 0, 2, 14, 2, 12, 1, 4, 0, 1, 0, 1, 65, 4, 0, 0, 0xFD, 0xE9])
    private static let origin: [UInt8] = [0x40, 1, 1, 0]
    private static let path: [UInt8] = [0x40, 2, 6, 2, 1, 0, 0, 0xFD, 0xE9]
    private static let hop: [UInt8] = [0x40, 3, 4, 10, 0, 0, 2]
    private static let vip: [UInt8] = [32, 10, 255, 0, 1]

    private static func update(withdrawn: [UInt8] = [], _ attributes: [UInt8], _ nlri: [UInt8]) -> [UInt8] {
        message(2, [0, UInt8(withdrawn.count)] + withdrawn + [0, UInt8(attributes.count)] + attributes + nlri)
    }

    /// What is found in these messages after the handshake.
    private func faults(_ messages: [[UInt8]], _ terms: Oracle.Terms = terms, confirmed: Bool = true) -> Int {
        var oracle = Oracle(terms)
        oracle.routerHasOpened = true
        oracle.routerHasConfirmed = confirmed
        for message in [Self.open] + messages { _ = oracle.hear(message, sentAt: start) }
        return oracle.faults.count
    }

    @Test func aSoundSessionHasNoFault() {
        let announcement = Self.update(Self.origin + Self.path + Self.hop, Self.vip)
        let cease = Self.message(3, [6, 2, 2, 0x68, 0x69])
        #expect(
            faults([
                Self.message(4, []), announcement, Self.message(2, [0, 0, 0, 0]),
                Self.update(withdrawn: Self.vip, [], []), cease,
            ]) == 0)
    }

    @Test(arguments: [
        ("no ORIGIN", update(path + hop, vip)), ("no AS_PATH", update(origin + hop, vip)),
        ("no NEXT_HOP", update(origin + path, vip)),
        ("a foreign next hop", update(origin + path + [0x40, 3, 4, 9, 0, 0, 1], vip)),
        ("LOCAL_PREF outside", update(origin + path + hop + [0x40, 5, 4, 0, 0, 0, 100], vip)),
        ("a foreign AS in the path", update(origin + [0x40, 2, 6, 2, 1, 0, 0, 0xFD, 0xEA] + hop, vip)),
        ("a loop", update(origin + [0x40, 2, 10, 2, 2, 0, 0, 0xFD, 0xE9, 0, 0, 0xFD, 0xE8] + hop, vip)),
        ("an attribute twice", update(origin + origin + path + hop, vip)),
        ("wrong flags", update([0xC0, 1, 1, 0] + path + hop, vip)),
        ("out of order", update(path + origin + hop, vip)),
        ("a prefix in both parts", update(withdrawn: vip, origin + path + hop, vip)),
        ("a withdrawal of nothing", update(withdrawn: vip, [], [])),
        ("a prefix that is cut", update(origin + path + hop, [32, 10, 255])),
        ("a second OPEN", open), ("an accusation", message(3, [3, 1])),
        ("a family that was not agreed on", message(2, [0, 0, 0, 6, 0x80, 15, 3, 0, 2, 1])),
        ("a wrong length", Array(message(4, []).dropLast()) + [4, 4]),
    ])
    func aFaultIsFound(name: String, message: [UInt8]) {
        #expect(faults([message]) > 0, "\(name)")
    }

    @Test func whatComesTooOftenTooEarlyOrTooLateIsFound() {
        let announcement = Self.update(Self.origin + Self.path + Self.hop, Self.vip)
        let marker = Self.message(2, [0, 0, 0, 0])
        #expect(faults([marker, marker]) == 1)
        #expect(faults([announcement], confirmed: false) == 1)
        #expect(faults([Self.message(3, [6, 2]), Self.message(4, [])]) == 1)
        #expect(faults([Self.message(4, []), Self.message(4, []), Self.message(4, [])]) == 1)
        var inside = Self.terms
        inside.routerAS = 65001
        // Towards an internal peer there is a LOCAL_PREF, and AS_PATH is empty.
        #expect(faults([announcement], inside) == 2)
        let internalPath = Self.origin + [0x40, 2, 0] + Self.hop + [0x40, 5, 4, 0, 0, 0, 100]
        #expect(faults([Self.update(internalPath, Self.vip)], inside) == 0)
    }
}
