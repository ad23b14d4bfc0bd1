import IPTypes

/// kube-vip's `mpbgp_` options of one peer, or of all: the next hop of the family that is not the session's own.
struct MultiprotocolText: Hashable {
    /// Where the next hop comes from. The automatic ways are what we do anyway.
    enum Source: String, CaseIterable {
        case fixed
        case automaticByAddress = "auto_sourceip"
        case automaticByInterface = "auto_sourceif"
    }

    var source: Source?
    var ipv4: IPv4Address?
    var ipv6: IPv6Address?

    init() {}

    /// Parses `KEY=VALUE;…`. No text is quoted: where the fields are mixed up, it could be a password.
    init(_ field: ListEntry) throws(Complaint) {
        var offset = field.offset
        for part in field.text.split(separator: ";", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(\.trimmed)
            do throws(Complaint) {
                if !part.trimmed.isEmpty { try set(pair[0], pair.count > 1 ? pair[1] : "") }
            } catch {
                throw Complaint(error.problem, error.remedy, offset: offset)
            }
            offset += part.count + 1
        }
    }

    /// Sets one option by its name; an empty value leaves it open.
    mutating func set(_ name: String, _ value: String) throws(Complaint) {
        switch (name, value) {
        case ("mpbgp_nexthop", ""), ("mpbgp_ipv4", ""), ("mpbgp_ipv6", ""):
            return
        case ("mpbgp_nexthop", _):
            guard let source = Source(rawValue: value) else {
                throw Complaint(
                    "mpbgp_nexthop is none of fixed, auto_sourceip and auto_sourceif",
                    "leave it out: the next hop is this node's own address on the session's link then")
            }
            self.source = source
        case ("mpbgp_ipv4", _):
            guard case .v4(let address)? = IPAddress(value) else {
                throw Complaint("mpbgp_ipv4 is not an IPv4 address")
            }
            ipv4 = address
        case ("mpbgp_ipv6", _):
            guard case .v6(let address)? = IPAddress(ValueText.unbracketed(value)) else {
                throw Complaint("mpbgp_ipv6 is not an IPv6 address")
            }
            ipv6 = address
        default:
            throw Complaint("an option is none of mpbgp_nexthop, mpbgp_ipv4 and mpbgp_ipv6")
        }
    }

    /// The options with those of all peers where these leave something open.
    func completed(by general: MultiprotocolText) -> MultiprotocolText {
        var all = self
        all.source = source ?? general.source
        all.ipv4 = ipv4 ?? general.ipv4
        all.ipv6 = ipv6 ?? general.ipv6
        return all
    }

    /// The next hop to give to `peer` in place of our own address; nil if there is none. Like kube-vip, of the other
    /// family only: on the session's own family, our address on it is right on every link.
    func nextHop(towards peer: IPAddress) throws(Complaint) -> IPAddress? {
        guard source == .fixed else { return nil }
        guard ipv4 != nil || ipv6 != nil else {
            throw Complaint(
                "mpbgp_nexthop=fixed needs mpbgp_ipv4 or mpbgp_ipv6",
                "give the address, or leave mpbgp_nexthop out: the next hop is this node's own address then")
        }
        guard let nextHop = peer.isIPv4 ? ipv6.map(IPAddress.v6) : ipv4.map(IPAddress.v4) else { return nil }
        return try ValueText.nextHop("\(nextHop)", towards: peer)
    }

    /// Says of addresses that `nextHop` leaves unused, why; nil if there are none.
    func unusedNotice(towards peer: IPAddress) -> String? {
        let given = [ipv4.map { _ in "mpbgp_ipv4" }, ipv6.map { _ in "mpbgp_ipv6" }].compactMap { $0 }
        let (names, verb) = (given.joined(separator: " and "), given.count == 1 ? "has" : "have")
        guard source == .fixed else {
            return given.isEmpty
                ? nil
                : "\(names) \(verb) no effect without mpbgp_nexthop=fixed: the next hop is this node's own address"
        }
        guard let family = peer.isIPv4 ? (ipv6 == nil ? "IPv4" : nil) : (ipv4 == nil ? "IPv6" : nil) else { return nil }
        return "\(names) \(verb) no effect on \(family) sessions, whose next hop is this node's own address"
    }

    /// The options as kube-vip reads them; empty if they ask for what we do anyway.
    var spelled: String {
        guard source == .fixed else { return "" }
        return
            (["mpbgp_nexthop=fixed"]
            + [ipv4.map { "mpbgp_ipv4=\($0)" }, ipv6.map { "mpbgp_ipv6=\($0)" }]
            .compactMap { $0 }).joined(separator: ";")
    }
}
