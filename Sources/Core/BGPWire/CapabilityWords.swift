extension Capability: CustomStringConvertible {
    /// What the capability says, in words: `multiprotocol ipv4-unicast`.
    package var description: String {
        switch self {
        case .multiprotocol(let family): "multiprotocol \(family)"
        case .routeRefresh, .extendedMessage, .enhancedRouteRefresh: Self.name(ofCode: code)
        case .extendedNextHop(let tuples):
            words(tuples.map { "\($0.family) via \(Self.addressFamilyName($0.nextHopAFI))" })
        case .gracefulRestart(let restart): words(restart.words)
        case .fourOctetAS(let number): "four-octet AS \(number)"
        case .longLivedGracefulRestart(let tuples): words(tuples.map { "\($0.family) \($0.staleTime) s" })
        case .fqdn: "host name \(hostName ?? "")"
        case .other(9, let value) where value.count == 1: "role \(Self.role(value[0]))"
        case .other(75, let value) where value.first.map(Int.init) == value.count - 1:
            "software version \(String(escaping: value.dropFirst()))"
        case .other(let code, let value):
            value.isEmpty ? Self.name(ofCode: code) : "\(Self.name(ofCode: code)) (\(value.hexadecimal(limit: 32)))"
        }
    }

    /// The host name, with the domain behind a dot if there is one, safe to print; nil for other capabilities and
    /// for an empty name.
    package var hostName: String? {
        guard case .fqdn(let host, let domain) = self, !host.isEmpty else { return nil }
        return String(escaping: domain.isEmpty ? host : host + [UInt8(ascii: ".")] + domain)
    }

    private func words(_ details: [String]) -> String {
        details.isEmpty ? Self.name(ofCode: code) : "\(Self.name(ofCode: code)) \(details.joined(separator: ", "))"
    }

    private static func addressFamilyName(_ afi: UInt16) -> String {
        switch afi {
        case 1: "IPv4"
        case 2: "IPv6"
        default: "AFI \(afi)"
        }
    }

    /// RFC 9234 section 4.1.
    private static func role(_ number: UInt8) -> String {
        switch number {
        case 0: "provider"
        case 1: "route server"
        case 2: "route server client"
        case 3: "customer"
        case 4: "peer"
        default: String(number)
        }
    }

    /// The IANA registry of capability codes, as far as codes are met in the field.
    private static func name(ofCode code: UInt8) -> String {
        switch code {
        case 1: "multiprotocol"
        case 2: "route refresh"
        case 3: "outbound route filtering"
        case 5: "extended next hop"
        case 6: "extended message"
        case 7: "BGPsec"
        case 8: "multiple labels"
        case 9: "role"
        case 64: "graceful restart"
        case 65: "four-octet AS"
        case 67: "dynamic capability"
        case 68: "multisession"
        case 69: "additional paths"
        case 70: "enhanced route refresh"
        case 71: "long-lived graceful restart"
        case 73: "host name"
        case 74: "BFD strict mode"
        case 75: "software version"
        case 76: "paths limit"
        case 128: "route refresh (before RFC 2918)"
        case 130: "outbound route filtering (before RFC 5291)"
        default: "capability \(code)"
        }
    }
}

extension Capability.GracefulRestart {
    /// Time, flags and families; without a family all it promises is an End-of-RIB marker (RFC 4724 section 3).
    fileprivate var words: [String] {
        var words = ["\(restartTime) s"]
        if flags & 8 != 0 { words.append("restarted") }
        if flags & 4 != 0 { words.append("also on NOTIFICATION") }
        return words + families.map { "\($0.family)\($0.flags & 0x80 != 0 ? " (forwarding kept)" : "")" }
    }
}
