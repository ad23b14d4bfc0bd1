extension Capability {
    /// Reads a value by its code. A value of unexpected form becomes `.other`: RFC 5492 section 3 has us pass over
    /// what we do not understand, and no session is worth ending for it.
    init(code: UInt8, value: [UInt8]) {
        self = Self.read(code, value.span.bytes) ?? .other(code: code, value: value)
    }

    private static func read(_ code: UInt8, _ value: RawSpan) -> Capability? {
        var field = ByteField(value, from: 0)
        switch code {
        case 1:
            guard field.count == 4, let afi = field.uint16(value), field.uint8(value) != nil,
                let safi = field.uint8(value)
            else { return nil }
            return .multiprotocol(AddressFamily(afi: afi, safi: safi))
        case 2: return field.isEmpty ? .routeRefresh : nil
        case 5: return field.all(value, ExtendedNextHop.init).map(Capability.extendedNextHop)
        case 6: return field.isEmpty ? .extendedMessage : nil
        case 64:
            guard let head = field.uint16(value), let families = field.all(value, GracefulRestart.Family.init) else {
                return nil
            }
            return .gracefulRestart(
                GracefulRestart(flags: UInt8(head >> 12), restartTime: head & 0xFFF, families: families))
        case 65:
            guard field.count == 4, let number = field.uint32(value) else { return nil }
            return .fourOctetAS(ASNumber(number))
        case 70: return field.isEmpty ? .enhancedRouteRefresh : nil
        case 71: return field.all(value, LongLivedGracefulRestart.init).map(Capability.longLivedGracefulRestart)
        case 73:
            guard let hostLength = field.uint8(value), let host = field.take(Int(hostLength)),
                let domainLength = field.uint8(value), let domain = field.take(Int(domainLength)), field.isEmpty
            else { return nil }
            return .fqdn(host: host.bytes(value), domain: domain.bytes(value))
        default: return nil
        }
    }
}

extension ByteField {
    /// Reads elements until nothing is left; nil if the last one is cut short.
    fileprivate mutating func all<Element>(
        _ value: RawSpan, _ element: (inout ByteField, RawSpan) -> Element?
    ) -> [Element]? {
        var elements: [Element] = []
        while !isEmpty {
            guard let next = element(&self, value) else { return nil }
            elements.append(next)
        }
        return elements
    }
}

extension Capability.ExtendedNextHop {
    /// Six octets: AFI, SAFI in two octets, AFI of the next hop (RFC 8950 section 4).
    fileprivate init?(_ field: inout ByteField, _ value: RawSpan) {
        guard let afi = field.uint16(value), let safi = field.uint16(value).flatMap(UInt8.init(exactly:)),
            let nextHopAFI = field.uint16(value)
        else { return nil }
        self.init(family: AddressFamily(afi: afi, safi: safi), nextHopAFI: nextHopAFI)
    }
}

extension Capability.GracefulRestart.Family {
    /// Four octets: AFI, SAFI, flags (RFC 4724 section 3).
    fileprivate init?(_ field: inout ByteField, _ value: RawSpan) {
        guard let afi = field.uint16(value), let safi = field.uint8(value), let flags = field.uint8(value) else {
            return nil
        }
        self.init(family: AddressFamily(afi: afi, safi: safi), flags: flags)
    }
}

extension Capability.LongLivedGracefulRestart {
    /// Seven octets: AFI, SAFI, flags, stale time in three octets (RFC 9494 section 3).
    fileprivate init?(_ field: inout ByteField, _ value: RawSpan) {
        guard let afi = field.uint16(value), let safi = field.uint8(value), let flags = field.uint8(value),
            let high = field.uint8(value), let low = field.uint16(value)
        else { return nil }
        self.init(
            family: AddressFamily(afi: afi, safi: safi), flags: flags, staleTime: UInt32(high) << 16 | UInt32(low))
    }
}
