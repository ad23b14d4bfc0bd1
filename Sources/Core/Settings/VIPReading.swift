import Advertising
import BGPWire
import Health
import IPTypes

/// A VIP as read, and the entry of a file that says it.
struct VIPEntry {
    var vip: Located<IPPrefix>
    var item: FileItem?
}

extension Reading {
    mutating func vips() -> [VIPEntry] {
        let vips: [VIPEntry] =
            if let items = items[.vip] { items.compactMap { vip($0) } } else {
                vipList()
            }
        if !has(.vip) {
            if servesServices { return [] }
            errors.append(
                SettingError(
                    problem: "no VIP is set",
                    remedy: "\(ways(.vip)), for example \(example(.vip, "192.0.2.10"))"))
        } else if wantsNoVIP {
            if !servesServices { notices.append("the list of VIPs is empty, so nothing is advertised") }
        } else if vips.isEmpty, texts(.vip).allSatisfy({ ListEntry.separatedByCommas($0.text).isEmpty }),
            items[.vip] == nil
        {
            fail(.vip, "the list is empty", "write for example 192.0.2.10")
        }
        return vips
    }

    /// True if the file says in so many words that there is no VIP, as after the last one was removed.
    var wantsNoVIP: Bool { items[.vip]?.isEmpty == true }

    private mutating func vipList() -> [VIPEntry] {
        let binds = value(.bind, ValueText.boolean) ?? true
        return list(.vip) { text, _ throws(Complaint) in try Self.vip(text, binds: binds) }.map { VIPEntry(vip: $0) }
    }

    private mutating func vip(_ item: FileItem) -> VIPEntry? {
        guard let text = item.text ?? item.field("address") else {
            errors.append(
                SettingError(
                    origin: item.origin, problem: "the address is missing", remedy: "write address: 192.0.2.10"))
            return nil
        }
        let binds = within(item) { $0.value(.bind, ValueText.boolean) } ?? true
        let prefix = value(text) { text throws(Complaint) in try Self.vip(text, binds: binds) }
        guard let prefix else { return nil }
        return VIPEntry(vip: Located(value: prefix, origin: text.origin), item: item)
    }

    private static func vip(_ text: String, binds: Bool) throws(Complaint) -> IPPrefix {
        guard let prefix = IPPrefix(parsing: text) else {
            // A length with bits of the address behind it is told apart from what is no address at all.
            if let slash = text.firstIndex(of: "/"), let address = IPAddress(text[..<slash]) {
                if !binds,
                    let network = Int(text[text.index(after: slash)...]).flatMap({ IPPrefix(address, length: $0) })
                {
                    throw Complaint(
                        "\(ValueText.quoted(text)) has bits of the address behind the length",
                        "write \(network), or \(address) for the address alone")
                }
                throw Complaint(
                    "\(ValueText.quoted(text)) is not a host route", "leave the length out, or write /32 or /128",
                    offset: text.distance(from: text.startIndex, to: slash))
            }
            throw Complaint(
                "\(ValueText.quoted(text)) is not an IP address", "write an address; names are not resolved")
        }
        guard prefix.isHost || !binds else {
            throw Complaint(
                "\(ValueText.quoted(text)) is not a host route, and only single addresses can be bound",
                "leave the length out, or set bind to false if the prefix is only to be advertised",
                offset: text.prefix { $0 != "/" }.count)
        }
        let address = prefix.address
        if case .v6(let address) = address, let mapped = address.mappedIPv4 {
            throw Complaint("\(address) is an IPv4-mapped IPv6 address, which no router routes", "write \(mapped)")
        }
        guard !address.isUnspecified, !address.isMulticast, !address.isLoopback, !address.isLinkLocal,
            address != .v4(IPv4Address(0xFFFF_FFFF))
        else { throw Complaint("\(address) cannot be routed to, so it cannot be a VIP") }
        return prefix
    }

    // MARK: What belongs to each

    /// True if flags or environment give the checks, so that those of a file's VIPs do not count.
    var hasForeignChecks: Bool { given[.check]?.first.map { !$0.origin.isFile && !$0.origin.isKubeVipPort } ?? false }

    /// The VIPs with their checks and attributes, and all checks that any of them needs.
    mutating func vipSettings(
        _ vips: [VIPEntry], generalChecks: [CheckEntry]
    ) -> (vips: [VIPSettings], checks: [CheckEntry]) {
        // Read once as they stand, so that mistakes are found even if every entry has its own.
        _ = attributes()
        _ = value(.bind, ValueText.boolean)
        _ = value(.globalScope, ValueText.boolean)
        _ = onUnhealthy()
        _ = value(.drain, ValueText.boolean)
        if hasForeignChecks, vips.contains(where: { $0.item?.checks != nil }) {
            notices.append("\(origin(.check)) is used for all VIPs, the checks in the file are not")
        }
        var checks = generalChecks
        let settings = vips.map { entry in
            let names = checkNames(of: entry, among: &checks) ?? generalChecks.map(\.check.value.name)
            return within(entry.item) { reading in
                VIPSettings(
                    prefix: entry.vip.value, checks: names,
                    binds: reading.value(.bind, ValueText.boolean) ?? true,
                    hasGlobalScope: reading.value(.globalScope, ValueText.boolean) ?? false,
                    onUnhealthy: reading.onUnhealthy(),
                    drains: reading.value(.drain, ValueText.boolean) ?? true,
                    attributes: reading.attributes())
            }
        }
        let used = Set(settings.flatMap(\.checks))
        // Where something is wrong, the name may just be misspelled.
        let unused = checks.filter { !used.contains($0.check.value.name) && !$0.check.origin.isKubeVipPort }
        for entry in unused where errors.isEmpty && !wantsNoVIP {
            notices.append("\(entry.check.origin): check \(entry.check.value.name) is not run: no VIP uses it")
        }
        if vips.isEmpty, !wantsNoVIP { return (settings, checks) }
        return (settings, checks.filter { used.contains($0.check.value.name) })
    }

    /// The checks that an entry asks for; those that it describes itself are added to `checks`.
    private mutating func checkNames(of entry: VIPEntry, among checks: inout [CheckEntry]) -> [String]? {
        guard let items = entry.item?.checks, !hasForeignChecks else { return nil }
        if items.allSatisfy({ $0.text?.text.trimmed == "none" }) {
            notices.append(
                "\(entry.vip.value.spelled) has no check: it is advertised whatever the service does")
            return []
        }
        var names: [String] = []
        for item in items {
            guard let name = checkName(item, among: &checks) else { continue }
            if names.contains(name) {
                errors.append(
                    SettingError(
                        origin: item.origin, problem: "check \(name) is defined twice",
                        remedy: "remove one of the two entries"))
            } else {
                names.append(name)
            }
        }
        return names
    }

    private mutating func checkName(_ item: FileItem, among checks: inout [CheckEntry]) -> String? {
        let known = checks.map(\.check.value.name)
        if let text = item.text?.text.trimmed {
            if known.contains(text) { return text }
            if !text.contains("://"), !text.hasPrefix("exec:") {
                let similar = text.mostSimilar(among: known).map { "did you mean \($0)?" }
                errors.append(
                    SettingError(
                        origin: item.origin, problem: "\(ValueText.quoted(text)) is not the name of a check",
                        remedy: similar ?? "name one of checks, or write a URL"))
                return nil
            }
        }
        guard let entry = check(item) else { return nil }
        let name = entry.check.value.name
        guard let other = checks.first(where: { $0.check.value.name == name }) else {
            checks.append(entry)
            return name
        }
        guard other.check.value == entry.check.value else {
            errors.append(
                entry.check.error(
                    "another check with other options is called \(ValueText.quoted(name))",
                    "give this one a name of its own with name:"))
            return nil
        }
        return name
    }

    /// The peers that an entry is meant for; nil is all of them.
    mutating func peers(of entry: VIPEntry, among peers: [PeerEntry]) -> Set<ScopedAddress>? {
        guard let texts = entry.item?.fields["peers"] else { return nil }
        var named: Set<ScopedAddress> = []
        for text in texts {
            for part in text.isEntry ? [text.text] : ListEntry.separatedByCommas(text.text).map(\.text) {
                let address = value(GivenText(text: part, origin: text.origin)) { text throws(Complaint) in
                    guard let address = ScopedAddress(ValueText.unbracketed(text)),
                        peers.contains(where: { $0.peer.value.address == address })
                    else {
                        throw Complaint(
                            "\(ValueText.quoted(text)) is not a peer",
                            "give an address as it is written in the peer list")
                    }
                    return address
                }
                if let address { named.insert(address) }
            }
        }
        return named
    }

    // MARK: Attributes

    /// What an entry of the peer list changes on the routes.
    mutating func routeAdjustment(of item: FileItem?) -> RouteAdjustment {
        within(item) { reading in
            let all = reading.attributes()
            let own = reading.own
            return RouteAdjustment(
                multiExitDiscriminator: own.contains(.med) ? all.multiExitDiscriminator : nil,
                localPreference: own.contains(.localPref) ? all.localPreference : nil,
                prepend: own.contains(.prepend) ? all.prepend : nil,
                communities: own.contains(.communities) ? all.communities : [],
                extendedCommunities: own.contains(.extendedCommunities) ? all.extendedCommunities : [],
                largeCommunities: own.contains(.largeCommunities) ? all.largeCommunities : [])
        }
    }

    mutating func attributes() -> RouteAttributes {
        let communities = list(.communities) { text, _ throws(Complaint) in
            try Self.parsed(text, Community(text), "a community", "65000:100 or no-export")
        }
        let large = list(.largeCommunities) { text, _ throws(Complaint) in
            try Self.parsed(text, LargeCommunity(text), "a large community", "65000:1:100")
        }
        let extended = list(.extendedCommunities) { text, _ throws(Complaint) in
            try Self.parsed(text, ExtendedCommunity(text), "an extended community", "rt:65000:100 or 0x and 16 digits")
        }
        return RouteAttributes(
            multiExitDiscriminator: value(.med) { text throws(Complaint) in
                try ValueText.number(text, in: 0...UInt32.max)
            },
            localPreference: value(.localPref) { text throws(Complaint) in
                try ValueText.number(text, in: 0...UInt32.max)
            },
            prepend: value(.prepend) { text throws(Complaint) in try ValueText.number(text, in: 0...32) } ?? 0,
            communities: communities.map(\.value), extendedCommunities: extended.map(\.value),
            largeCommunities: large.map(\.value))
    }

    private static func parsed<Value>(
        _ text: String, _ value: Value?, _ what: String, _ example: String
    ) throws(Complaint) -> Value {
        guard let value else {
            throw Complaint("\(ValueText.quoted(text)) is not \(what)", "write for example \(example)")
        }
        return value
    }
}

extension IPPrefix {
    /// As an operator writes it: a host route without its length.
    var spelled: String { isHost ? "\(address)" : "\(self)" }
}
