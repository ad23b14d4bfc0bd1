extension Open {
    /// True if the four-octet AS capability is among the capabilities.
    package var offersFourOctetAS: Bool {
        capabilities.contains { if case .fourOctetAS = $0 { true } else { false } }
    }

    /// Appends the body. The extended form of RFC 9072 is used where `extendedLength` asks for it or the parameters
    /// need it. False if something does not fit its length field; then nothing of use was appended.
    func append(to bytes: inout [UInt8]) -> Bool {
        bytes.append(version)
        bytes.append(bigEndian: myAS)
        bytes.append(bigEndian: holdTime)
        bytes.append(bigEndian: identifier.value)
        var values: [[UInt8]] = []
        for case .capabilities(let capabilities) in parameters {
            var value: [UInt8] = []
            for capability in capabilities {
                guard let encoded = capability.encoded() else { return false }
                value += encoded
            }
            values.append(value)
        }
        // With each parameter at most 253 octets and all together at most 255, the classic form can say it.
        if !extendedLength, values.reduce(0, { $0 + 2 + $1.count }) <= 255 {
            bytes.append(UInt8(truncatingIfNeeded: values.reduce(0) { $0 + 2 + $1.count }))
            for value in values {
                bytes += [2, UInt8(truncatingIfNeeded: value.count)] + value
            }
            return true
        }
        bytes += [255, 255, 0, 0]
        let start = bytes.count - 2
        for value in values {
            bytes += [2, 0, 0] + value
            guard bytes.closeLength16(at: bytes.count - value.count - 2) else { return false }
        }
        return bytes.closeLength16(at: start)
    }
}

extension Capability {
    /// Code, length and value; nil if the value is longer than the 255 octets that its length can say.
    func encoded() -> [UInt8]? {
        let value = encodedValue
        guard let length = UInt8(exactly: value.count) else { return nil }
        return [code, length] + value
    }

    /// The code on the wire (IANA registry of capability codes).
    package var code: UInt8 {
        switch self {
        case .multiprotocol: 1
        case .routeRefresh: 2
        case .extendedNextHop: 5
        case .extendedMessage: 6
        case .gracefulRestart: 64
        case .fourOctetAS: 65
        case .enhancedRouteRefresh: 70
        case .longLivedGracefulRestart: 71
        case .fqdn: 73
        case .other(let code, _): code
        }
    }

    private var encodedValue: [UInt8] {
        var value: [UInt8] = []
        switch self {
        case .multiprotocol(let family):
            value.append(bigEndian: family.afi)
            value += [0, family.safi]
        case .routeRefresh, .extendedMessage, .enhancedRouteRefresh: break
        case .extendedNextHop(let tuples):
            for tuple in tuples {
                value.append(bigEndian: tuple.family.afi)
                value.append(bigEndian: UInt16(tuple.family.safi))
                value.append(bigEndian: tuple.nextHopAFI)
            }
        case .gracefulRestart(let restart):
            value.append(bigEndian: UInt16(restart.flags & 0xF) << 12 | restart.restartTime & 0xFFF)
            for family in restart.families {
                value.append(bigEndian: family.family.afi)
                value += [family.family.safi, family.flags]
            }
        case .fourOctetAS(let number):
            value.append(bigEndian: number.value)
        case .longLivedGracefulRestart(let tuples):
            for tuple in tuples {
                value.append(bigEndian: tuple.family.afi)
                value += [tuple.family.safi, tuple.flags, UInt8(truncatingIfNeeded: tuple.staleTime >> 16)]
                value.append(bigEndian: UInt16(truncatingIfNeeded: tuple.staleTime))
            }
        case .fqdn(let host, let domain):
            // The two lengths are octets, and both names must fit one capability: longer ones are cut.
            let host = host.prefix(253)
            let domain = domain.prefix(253 - host.count)
            value += [UInt8(truncatingIfNeeded: host.count)] + host
            value += [UInt8(truncatingIfNeeded: domain.count)] + domain
        case .other(_, let octets): value = octets
        }
        return value
    }
}
