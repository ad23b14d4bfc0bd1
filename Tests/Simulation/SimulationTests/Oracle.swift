import Deadlines
import IPTypes

/// A family of prefixes by its numbers on the wire.
struct WireFamily: Hashable {
    var afi: UInt16
    var safi: UInt8
    static let ipv4 = WireFamily(afi: 1, safi: 1)
    static let ipv6 = WireFamily(afi: 2, safi: 1)
    init(afi: UInt16, safi: UInt8) { (self.afi, self.safi) = (afi, safi) }
    init(of prefix: IPPrefix) { self = prefix.address.isIPv4 ? .ipv4 : .ipv6 }
}

/// A route as a router reads it.
struct Route: Hashable {
    var discriminator: UInt32?
    var preference: UInt32?
    var pathLength = 0
    var communities: Set<UInt32> = []
    /// The session has ended, and the router keeps the route as a last resort (RFC 9494).
    var isStale = false

    static let gracefulShutdown: UInt32 = 0xFFFF_0000
    var isLeaving: Bool { communities.contains(Self.gracefulShutdown) }
    /// Marked so that every other path is preferred.
    var isLastResort: Bool { isLeaving && discriminator == .max }
}

/// What is said in an OPEN, as far as it matters here.
struct HeardOpen: Hashable {
    var speakerAS: UInt32
    var holdTime: UInt16
    var identifier: UInt32
    var families: Set<WireFamily> = []
    var hasFourOctets = false
    var hasExtendedNextHop = false
    var offersRefresh = false
    /// Seconds for which stale routes are kept, of LLGR.
    var staleTime: UInt32?
}

/// What one message of the node says.
enum Heard: Hashable {
    case open(HeardOpen)
    case keepalive
    case update(withdrawn: [IPPrefix], announced: [IPPrefix], Route)
    case notification(code: UInt8, subcode: UInt8)
    /// It broke a rule, which is among the faults.
    case nonsense
}

/// Judges every message that a node sends on one connection, by its bytes. Written from the RFCs, and with nothing of the
/// program's reader or writer: what both got wrong would not show otherwise.
struct Oracle {
    /// What the two sides of the connection are.
    struct Terms: Hashable {
        var nodeAS: UInt32
        var routerAS: UInt32
        /// What the router has offered.
        var families: Set<WireFamily>
        var hasFourOctets: Bool
        var hasExtendedNextHop: Bool
        /// The next hops that the node may give: its own addresses on the link, or those that are set for the peer.
        var nextHops: Set<[UInt8]>
        var isInternal: Bool { nodeAS == routerAS }
    }

    let terms: Terms
    /// Rules that were broken, in words.
    private(set) var faults: [String] = []
    private(set) var open: HeardOpen?
    /// True once the router has sent its OPEN, and its first KEEPALIVE.
    var routerHasOpened = false
    var routerHasConfirmed = false
    /// Families whose End-of-RIB has come.
    private(set) var ended: Set<WireFamily> = []
    private var announced: Set<IPPrefix> = []
    private var isOver = false
    private var lastKeepalive: Instant?
    private var keepalives = 0

    init(_ terms: Terms) { self.terms = terms }

    /// AS numbers of four octets in AS_PATH (RFC 6793 section 3).
    private var usesFourOctets: Bool { terms.hasFourOctets && open?.hasFourOctets == true }

    /// Families that both sides have offered.
    var families: Set<WireFamily> { terms.families.intersection(open?.families ?? []) }

    private mutating func blame(_ fault: String) -> Heard {
        faults.append(fault)
        return .nonsense
    }

    private mutating func expect(_ holds: Bool, _ rule: @autoclosure () -> String) {
        if !holds { faults.append(rule()) }
    }

    /// One message, which the node sent at this time.
    mutating func hear(_ bytes: [UInt8], sentAt: Instant) -> Heard {
        expect(!isOver, "something is sent after a NOTIFICATION (RFC 4271 section 6)")
        guard bytes.count >= 19, bytes.count <= 4096, bytes[..<16].allSatisfy({ $0 == 0xFF }),
            Int(bytes[16]) << 8 | Int(bytes[17]) == bytes.count
        else { return blame("the header is wrong (RFC 4271 section 4.1)") }
        var body = Cursor(bytes, from: 19, to: bytes.count)
        if open == nil, ![1, 3].contains(bytes[18]) { return blame("type \(bytes[18]) comes before OPEN") }
        switch bytes[18] {
        case 1: return hearOpen(&body)
        case 2: return hearUpdate(&body)
        case 3:
            guard let code = body.byte(), let subcode = body.byte() else { return blame("a NOTIFICATION is cut") }
            isOver = true
            judgeNotification(code, subcode, &body)
            return .notification(code: code, subcode: subcode)
        case 4:
            expect(bytes.count == 19, "a KEEPALIVE of \(bytes.count) octets (RFC 4271 section 4.4)")
            expect(routerHasOpened, "KEEPALIVE before the router's OPEN (RFC 4271 section 8.2.2)")
            // The first one confirms the OPEN; the next ones come on a timer.
            if keepalives > 1, let lastKeepalive, sentAt - lastKeepalive < .seconds(1) {
                faults.append("two KEEPALIVEs within a second (RFC 4271 section 4.4)")
            }
            keepalives += 1
            lastKeepalive = sentAt
            return .keepalive
        case 5: return blame("a node that imports nothing asks for routes")
        default: return blame("message type \(bytes[18])")
        }
    }

    /// A sound router is told nothing but that it was silent, or that the node ends the session.
    private mutating func judgeNotification(_ code: UInt8, _ subcode: UInt8, _ body: inout Cursor) {
        switch (code, subcode) {
        case (4, 0): expect(body.isAtEnd, "Hold Timer Expired has data")
        case (6, 2), (6, 4):
            // RFC 9003 section 2: a length and so many octets of UTF-8.
            guard !body.isAtEnd else { return }
            let length = body.byte().map(Int.init) ?? 0
            let text = body.take(length) ?? []
            expect(
                body.isAtEnd && text.count == length && String(validating: text, as: UTF8.self) != nil,
                "the shutdown communication is malformed (RFC 9003 section 2)")
        case (6, 3), (6, 5), (6, 6), (6, 7), (6, 10): expect(body.isAtEnd, "Cease/\(subcode) has data")
        default: faults.append("NOTIFICATION \(code)/\(subcode) to a router that does nothing wrong")
        }
    }

    private mutating func hearOpen(_ body: inout Cursor) -> Heard {
        guard open == nil else { return blame("a second OPEN") }
        guard let version = body.byte(), let number = body.short(), let holdTime = body.short(),
            let identifier = body.long(), let length = body.byte(), Int(length) == body.rest
        else { return blame("an OPEN is cut, or its length is wrong (RFC 4271 section 4.2)") }
        expect(version == 4, "BGP version \(version)")
        expect(holdTime == 0 || holdTime >= 3, "a hold time of \(holdTime) s (RFC 4271 section 4.2)")
        expect(identifier != 0, "BGP identifier 0 (RFC 6286 section 2.1)")
        var heard = HeardOpen(speakerAS: UInt32(number), holdTime: holdTime, identifier: identifier)
        while let type = body.byte(), let length = body.byte() {
            guard type == 2, var parameter = body.part(Int(length)) else { return blame("OPEN parameter \(type)") }
            while let code = parameter.byte(), let length = parameter.byte() {
                guard var value = parameter.part(Int(length)) else { return blame("capability \(code) is cut") }
                hearCapability(code, &value, &heard)
            }
        }
        if heard.families.isEmpty { heard.families = [.ipv4] }
        expect(heard.speakerAS == terms.nodeAS, "the node says it is AS \(heard.speakerAS)")
        expect(
            UInt32(number) == (terms.nodeAS > 65535 ? 23456 : terms.nodeAS),
            "My Autonomous System is \(number) (RFC 6793 section 9)")
        open = heard
        return .open(heard)
    }

    private mutating func hearCapability(_ code: UInt8, _ value: inout Cursor, _ heard: inout HeardOpen) {
        switch code {
        case 1:
            guard let afi = value.short(), value.byte() != nil, let safi = value.byte(), value.isAtEnd else {
                return faults.append("the multiprotocol capability is malformed (RFC 4760 section 8)")
            }
            heard.families.insert(WireFamily(afi: afi, safi: safi))
        case 2: heard.offersRefresh = true
        case 5:
            while !value.isAtEnd {
                guard let afi = value.short(), let safi = value.short(), let hop = value.short() else {
                    return faults.append("the extended next hop capability is malformed (RFC 8950 section 4)")
                }
                if (afi, safi, hop) == (1, 1, 2) { heard.hasExtendedNextHop = true }
            }
        case 6: faults.append("extended messages are offered")
        case 64:
            guard let flags = value.short() else { return faults.append("capability 64 is cut") }
            // A node that died must leave the routers' tables: no restart time for any family, and no N bit (RFC 8538).
            expect(flags & 0xF000 == 0, "a flag of graceful restart is set")
            expect(value.isAtEnd || flags & 0xFFF == 0, "a restart time is promised for a family (RFC 4724)")
        case 65:
            guard let number = value.long(), value.isAtEnd else { return faults.append("capability 65 is malformed") }
            heard.hasFourOctets = true
            heard.speakerAS = number
        case 71:
            while !value.isAtEnd {
                guard value.short() != nil, value.byte() != nil, let flags = value.byte(), let high = value.byte(),
                    let low = value.short()
                else { return faults.append("the LLGR capability is malformed (RFC 9494 section 3.1)") }
                expect(flags == 0, "LLGR says that state was preserved")
                heard.staleTime = UInt32(high) << 16 | UInt32(low)
            }
        default: break
        }
    }
}

// MARK: - UPDATE

extension Oracle {
    private mutating func hearUpdate(_ body: inout Cursor) -> Heard {
        expect(routerHasConfirmed, "UPDATE before the router's KEEPALIVE (RFC 4271 section 8.2.2)")
        guard let length = body.short(), var routes = body.part(Int(length)), let size = body.short(),
            var attributes = body.part(Int(size)), var withdrawn = routes.prefixes(bits: 32),
            var prefixes = body.prefixes(bits: 32)
        else { return blame("an UPDATE's lengths or prefixes are wrong (RFC 4271 section 4.3)") }
        if length == 0, size == 0, prefixes.isEmpty { return endOfRIB(.ipv4) }
        var path = Attributes()
        while !attributes.isAtEnd {
            guard let flags = attributes.byte(), let type = attributes.byte(),
                let count = flags & 0x10 != 0 ? attributes.short() : attributes.byte().map(UInt16.init),
                var value = attributes.part(Int(count))
            else { return blame("an attribute is cut (RFC 4271 section 4.3)") }
            expect(path.types.insert(type).inserted, "attribute \(type) comes twice")
            expect(type >= path.last || path.last == 14 || path.last == 15, "attribute \(type) is out of order")
            path.last = type
            hear(type, flags & 0xE0, &value, &path)
        }
        if let family = path.marker { return endOfRIB(family) }
        for family in path.families {
            expect(families.contains(family), "a family that was not agreed on (RFC 4760 section 8)")
        }
        if !(withdrawn + prefixes).isEmpty {
            expect(families.contains(.ipv4), "IPv4 prefixes, which were not agreed on")
        }
        if !prefixes.isEmpty { expect(path.types.contains(3), "NLRI without NEXT_HOP (RFC 4271 section 5.1.3)") }
        withdrawn += path.withdrawn
        prefixes += path.announced
        if !prefixes.isEmpty { judge(path) }
        judge(withdrawn: withdrawn, announced: prefixes)
        return .update(withdrawn: withdrawn, announced: prefixes, path.route)
    }

    private mutating func endOfRIB(_ family: WireFamily) -> Heard {
        expect(families.contains(family), "End-of-RIB of a family that was not agreed on")
        expect(ended.insert(family).inserted, "a second End-of-RIB of a family (RFC 4724 section 2)")
        return .update(withdrawn: [], announced: [], Route())
    }

    private mutating func judge(withdrawn: [IPPrefix], announced prefixes: [IPPrefix]) {
        expect(
            Set(withdrawn).isDisjoint(with: prefixes),
            "the same prefix in both parts of an UPDATE (RFC 4271 section 4.3)")
        for prefix in withdrawn {
            expect(announced.remove(prefix) != nil, "\(prefix) is withdrawn and was not announced")
        }
        for prefix in prefixes {
            expect(prefix.isHost, "\(prefix) is announced, which is no host route")
            announced.insert(prefix)
        }
    }

    /// The mandatory attributes, and those that depend on the kind of session (RFC 4271 section 5).
    private mutating func judge(_ path: Attributes) {
        expect(path.types.isSuperset(of: [1, 2]), "ORIGIN or AS_PATH is missing (RFC 4271 section 5)")
        expect(
            path.types.contains(5) == terms.isInternal, "LOCAL_PREF towards the wrong kind of peer (section 5.1.5)")
        let last: UInt32 = usesFourOctets || terms.nodeAS <= 65535 ? terms.nodeAS : 23456
        if terms.isInternal {
            expect(path.numbers.isEmpty, "AS_PATH is not empty towards an internal peer (section 5.1.2)")
        } else {
            expect(
                !path.numbers.isEmpty && path.numbers.allSatisfy { $0 == last }, "AS_PATH is \(path.numbers)")
            expect(!path.numbers.contains(terms.routerAS), "AS_PATH has the router's own AS: a loop")
            // RFC 6793 section 4.2.2: what does not fit is told beside it, and only then.
            expect(path.types.contains(17) == (last == 23456), "AS4_PATH is missing or not needed (RFC 6793)")
        }
    }

    private mutating func hear(_ type: UInt8, _ flags: UInt8, _ value: inout Cursor, _ path: inout Attributes) {
        let wanted: UInt8 = [4, 14, 15].contains(type) ? 0x80 : [8, 16, 17, 32].contains(type) ? 0xC0 : 0x40
        expect(flags == wanted, "attribute \(type) has flags \(flags)")
        switch type {
        case 1: expect(value.take(1) == [0], "ORIGIN is not IGP: routers merge only equal paths")
        case 2: path.numbers = asNumbers(&value, fourOctets: usesFourOctets)
        case 3:
            let hop = value.take(4) ?? []
            expect(terms.nextHops.contains(hop), "NEXT_HOP \(hop) is not the node's own")
        case 4: path.route.discriminator = value.long()
        case 5: path.route.preference = value.long()
        case 8: while let community = value.long() { path.route.communities.insert(community) }
        case 14:
            guard let afi = value.short(), let safi = value.byte(), let length = value.byte(),
                let hops = value.take(Int(length)), value.byte() == 0,
                let prefixes = value.prefixes(bits: afi == 1 ? 32 : 128)
            else { return faults.append("MP_REACH_NLRI is malformed (RFC 4760 section 3)") }
            path.families.insert(WireFamily(afi: afi, safi: safi))
            expect([16, 32].contains(hops.count), "a next hop of \(hops.count) octets")
            expect(terms.nextHops.contains(Array(hops.prefix(16))), "next hop \(hops) is not the node's own")
            expect(
                afi != 1 || terms.hasExtendedNextHop && open?.hasExtendedNextHop == true,
                "IPv4 with an IPv6 next hop, which was not agreed on (RFC 8950)")
            expect(!prefixes.isEmpty, "MP_REACH_NLRI without a prefix")
            path.announced = prefixes
        case 15:
            guard let afi = value.short(), let safi = value.byte(),
                let prefixes = value.prefixes(bits: afi == 1 ? 32 : 128)
            else { return faults.append("MP_UNREACH_NLRI is malformed (RFC 4760 section 4)") }
            path.families.insert(WireFamily(afi: afi, safi: safi))
            if prefixes.isEmpty { path.marker = WireFamily(afi: afi, safi: safi) }
            path.withdrawn = prefixes
        case 16: _ = value.take(value.rest / 8 * 8)
        case 17:
            expect(
                asNumbers(&value, fourOctets: true).allSatisfy { $0 == terms.nodeAS }, "AS4_PATH has another AS")
            expect(!usesFourOctets, "AS4_PATH to a peer with four octets (RFC 6793 section 4.1)")
        case 32: _ = value.take(value.rest / 12 * 12)
        default: faults.append("attribute \(type), for which there is no reason")
        }
        expect(value.isAtEnd, "attribute \(type) has a wrong length")
        if type == 2 { path.route.pathLength = path.numbers.count }
    }

    /// One AS_SEQUENCE at most, as whoever originates a route sends it.
    private mutating func asNumbers(_ value: inout Cursor, fourOctets: Bool) -> [UInt32] {
        guard !value.isAtEnd else { return [] }
        guard value.byte() == 2, let count = value.byte(), count > 0 else {
            faults.append("AS_PATH does not begin with a sequence")
            return []
        }
        return (0..<count).compactMap { _ in fourOctets ? value.long() : value.short().map(UInt32.init) }
    }

    /// What the attributes of one UPDATE say.
    private struct Attributes {
        var route = Route()
        var types: Set<UInt8> = []
        var last: UInt8 = 0
        var numbers: [UInt32] = []
        var families: Set<WireFamily> = []
        var announced: [IPPrefix] = []
        var withdrawn: [IPPrefix] = []
        /// The family whose End-of-RIB this is.
        var marker: WireFamily?
    }
}

/// Reads octets one after the other; nil where there are none left.
struct Cursor {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    init(_ bytes: [UInt8], from start: Int, to end: Int) { (self.bytes, position, self.end) = (bytes, start, end) }

    var rest: Int { end - position }
    var isAtEnd: Bool { position == end }

    mutating func byte() -> UInt8? {
        guard position < end else { return nil }
        position += 1
        return bytes[position - 1]
    }

    mutating func take(_ count: Int) -> [UInt8]? {
        guard count <= rest else { return nil }
        position += count
        return Array(bytes[position - count..<position])
    }

    mutating func part(_ count: Int) -> Cursor? {
        guard count <= rest else { return nil }
        position += count
        return Cursor(bytes, from: position - count, to: position)
    }

    mutating func short() -> UInt16? { take(2).map { UInt16($0[0]) << 8 | UInt16($0[1]) } }
    mutating func long() -> UInt32? { take(4).map { $0.reduce(0) { $0 << 8 | UInt32($1) } } }

    /// All that is left, as prefixes of addresses with so many bits (RFC 4271 section 4.3).
    mutating func prefixes(bits: Int) -> [IPPrefix]? {
        var prefixes: [IPPrefix] = []
        while let length = byte() {
            guard Int(length) <= bits, let octets = take((Int(length) + 7) / 8),
                let address = IPAddress(bytes: (octets + Array(repeating: 0, count: bits / 8 - octets.count))[...]),
                let prefix = IPPrefix(address, length: Int(length))
            else { return nil }
            prefixes.append(prefix)
        }
        return prefixes
    }
}
