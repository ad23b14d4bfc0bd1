import BGPWire
import IPTypes

/// One entry of the peer list: `address:AS[:password[:multihop[:port]]]`, or one of kube-vip's historic forms of it.
/// The address can be `gateway`, which stands for each default gateway, or `unnumbered:interface`, where the AS may be
/// left out and any AS but ours will do.
struct PeerText: Hashable {
    var address: ScopedAddress
    var peerAS: PeerAS
    var password: String?
    /// The TTL of a multihop session; nil on a connected subnet.
    var multihop: UInt8?
    var port: UInt16
    /// kube-vip's options for the next hop.
    var multiprotocol = MultiprotocolText()
    /// kube-vip's BFD field, if there is one.
    var bfd: BFDText?

    /// What `multihop=true` means: the TTL that kube-vip sends.
    static let defaultTTL: UInt8 = 50

    /// Parses one entry.
    /// - Parameters:
    ///   - isKubeVip: true if `1` and `0` in the multihop field are booleans, as kube-vip reads them, and not TTLs.
    ///   - isQuotable: false if no part of the text may appear in a message, because it could be part of a password.
    init(_ text: String, isKubeVip: Bool, isQuotable: Bool = false) throws(Complaint) {
        var fields = Fields(text)
        let host = try fields.host()
        address = try Self.address(host, isQuotable: isQuotable)
        let asText = fields.next()
        if let asText, !asText.text.isEmpty {
            peerAS = try Self.peerAS(asText)
        } else if address.isUnnumbered {
            peerAS = .external
        } else {
            throw Complaint("the AS is missing", "write ADDRESS:AS, for example 192.0.2.1:65000", offset: text.count)
        }
        password = try Self.password(fields.next())
        let multihopText = fields.next()
        multihop = try Self.multihop(multihopText, isKubeVip: isKubeVip)
        if address.isUnnumbered, multihop != nil {
            throw Complaint(
                "an unnumbered peer is on the link of its interface and never multihop", "leave multihop empty",
                offset: multihopText?.offset ?? 0)
        }
        port = 179
        if let field = fields.next(unless: { $0.contains("=") || $0.contains(";") }), !field.text.isEmpty {
            guard let number = UInt16(decimalDigits: field.text), number > 0 else {
                throw Complaint("the port is not a number from 1 to 65535", offset: field.offset)
            }
            port = number
        }
        let rest = fields.remainder
        guard rest.text.isEmpty || fields.options == nil else { throw Self.tooMuch(offset: rest.offset) }
        try readOptions(fields.options ?? rest)
    }

    /// Reads what kube-vip has behind the port: `[OPTIONS][:BFD]`.
    private mutating func readOptions(_ rest: ListEntry) throws(Complaint) {
        var options = rest.text
        if options.isEmpty { return }
        let last = options.split(separator: ":").last ?? ""
        if last.contains(";"), !last.contains("=") {
            bfd = try BFDText(ListEntry(text: String(last), offset: rest.offset + options.count - last.count))
            options.removeLast(last.count)
            if options.last == ":" { options.removeLast() }
        }
        if options.contains("mpbgp_") {
            multiprotocol = try MultiprotocolText(ListEntry(text: options, offset: rest.offset))
        } else if !options.isEmpty {
            throw Self.tooMuch(offset: rest.offset)
        }
    }

    private static func tooMuch(offset: Int) -> Complaint {
        Complaint("there is more than ADDRESS:AS:PASSWORD:MULTIHOP:PORT", offset: offset)
    }

    init(address: ScopedAddress, peerAS: PeerAS, password: String?, multihop: UInt8?, port: UInt16) {
        self.address = address
        self.peerAS = peerAS
        self.password = password
        self.multihop = multihop
        self.port = port
    }

    /// The entry in our grammar, trailing defaults left out; `mask` stands for the password.
    func spelled(mask: String? = nil) -> String {
        let isBare = address.address.isIPv4 || address.isUnnumbered
        let host = isBare ? "\(address)" : "[\(address)]"
        var fields = [host, "\(peerAS)", password.map { mask ?? $0 } ?? ""]
        fields.append(multihop.map { $0 == Self.defaultTTL ? "true" : "\($0)" } ?? "")
        fields.append(port == 179 ? "" : "\(port)")
        fields.append(multiprotocol.spelled)
        if let bfd { fields.append(bfd.spelled) }
        while fields.last == "" { fields.removeLast() }
        return fields.joined(separator: ":")
    }

    /// True if a field behind the AS is not empty in any entry, so that parts of `text` could be secret.
    static func mayHoldPassword(_ text: String) -> Bool {
        ListEntry.separatedByCommas(text).contains { entry in
            var fields = Fields(entry.text)
            guard (try? fields.host()) != nil, fields.next() != nil else { return true }
            return !fields.remainder.text.isEmpty
        }
    }
}

extension PeerText {
    static func address(_ text: String, isQuotable: Bool) throws(Complaint) -> ScopedAddress {
        guard let address = ScopedAddress(text) else {
            if text == "unnumbered" || text.hasPrefix("unnumbered:") {
                throw Complaint(
                    "an interface name must follow \"unnumbered:\"", "write unnumbered:eth0 or unnumbered:eth0:AS")
            }
            throw Complaint(
                isQuotable ? "\(ValueText.quoted(text)) is not an IP address" : "the address is not an IP address",
                "write 192.0.2.1:AS or [2001:db8::1]:AS; names are not resolved")
        }
        if address.isGateway || address.isUnnumbered { return address }
        guard !address.address.isUnspecified, !address.address.isMulticast else {
            throw Complaint("\(address) cannot be the address of a peer")
        }
        if !address.address.isIPv4, address.address.isLinkLocal, address.zone == nil {
            throw Complaint(
                "the link-local address \(address) needs its interface", "write [\(address)%eth0]:AS")
        }
        return address
    }

    static func peerAS(_ field: ListEntry) throws(Complaint) -> PeerAS {
        // Never quoted: an operator who forgot the AS has the password here.
        guard let peerAS = PeerAS(field.text) else {
            throw Complaint(
                "the AS is neither a number nor external or internal",
                "write ADDRESS:AS, IPv6 in brackets, for example 192.0.2.1:65000 or [2001:db8::1]:65000",
                offset: field.offset)
        }
        if case .exactly(let number) = peerAS, number.isReserved {
            throw Complaint("AS \(number) is reserved and cannot be a peer's", offset: field.offset)
        }
        return peerAS
    }

    static func password(_ field: ListEntry?) throws(Complaint) -> String? {
        guard let field, !field.text.isEmpty else { return nil }
        guard field.text.utf8.count <= 80 else {
            throw Complaint("the password is longer than the 80 bytes of a TCP MD5 key", offset: field.offset)
        }
        return field.text
    }

    /// What to say about a password in a text that every local user sees.
    static func passwordInSight(_ origin: Origin) -> String {
        "\(origin) contains a password, and every local user sees the command line; put it into a file and give --peer-password-file"
    }

    static func multihop(_ field: ListEntry?, isKubeVip: Bool) throws(Complaint) -> UInt8? {
        guard let field, !field.text.isEmpty else { return nil }
        let isNumber = field.text == "0" || field.text == "1"
        if isKubeVip || !isNumber, let isMultihop = try? ValueText.boolean(field.text) {
            return isMultihop ? defaultTTL : nil
        }
        guard let ttl = UInt8(decimalDigits: field.text), ttl > 0 else {
            throw Complaint(
                "multihop is neither true nor false nor a TTL from 1 to 255",
                "if the password contains \":\" or \",\", put it into a file and give --peer-password-file or BGPVIP_PEER_PASSWORD_FILE",
                offset: field.offset)
        }
        return ttl
    }
}

/// The fields of one entry between colons, taken from the front.
private struct Fields {
    private var rest: Substring
    private var offset = 0
    private var isAtEnd = false

    init(_ text: String) {
        rest = text[...]
        // v0.8.10 to v1.2.1 separated the multiprotocol options by a slash, behind any of the fields.
        if let slash = text.indices.first(where: { text[$0...].hasPrefix("/mpbgp_") }) {
            rest = text[..<slash]
            let offset = text.distance(from: text.startIndex, to: slash) + 1
            options = ListEntry(text: String(text.dropFirst(offset)), offset: offset)
        }
    }

    /// The options behind kube-vip's historic slash.
    private(set) var options: ListEntry?

    /// Everything that was not taken.
    var remainder: ListEntry { ListEntry(text: isAtEnd ? "" : String(rest), offset: offset) }

    /// The address in front of the first colon, or in brackets; `unnumbered:` together with its interface.
    mutating func host() throws(Complaint) -> String {
        guard rest.hasPrefix("[") else {
            let host = next()?.text ?? ""
            guard host == "unnumbered", let interface = next()?.text else { return host }
            return "\(host):\(interface)"
        }
        guard let close = rest.firstIndex(of: "]") else { throw Complaint("the \"[\" is never closed") }
        let host = rest[rest.index(after: rest.startIndex)..<close]
        rest = rest[rest.index(after: close)...]
        offset = host.count + 2
        guard rest.isEmpty || rest.hasPrefix(":") else {
            throw Complaint("a \":\" and the AS must follow \"]\"", offset: offset)
        }
        isAtEnd = rest.isEmpty
        if !isAtEnd { skip(1) }
        return String(host).trimmed
    }

    /// The next field, blanks trimmed; nil at the end, or if the field is none of the caller's.
    mutating func next(unless isOther: (Substring) -> Bool = { _ in false }) -> ListEntry? {
        guard !isAtEnd else { return nil }
        let field = rest.prefix { $0 != ":" }
        guard !isOther(field) else { return nil }
        let entry = ListEntry(text: String(field).trimmed, offset: offset)
        isAtEnd = field.endIndex == rest.endIndex
        skip(field.count + (isAtEnd ? 0 : 1))
        return entry
    }

    private mutating func skip(_ count: Int) {
        rest = rest.dropFirst(count)
        offset += count
    }
}

extension ASNumber {
    /// True for numbers that no speaker may use: 0 (RFC 7607), 23456 (RFC 6793), 65535 and 4294967295 (RFC 7300).
    var isReserved: Bool { [0, 23456, 65535, 4_294_967_295].contains(value) }
}
