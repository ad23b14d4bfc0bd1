import BGPFSM
import BGPWire
import Deadlines
import IPTypes

// Values that an octet of the script stands for.

private let ourIdentifier = BGPIdentifier(0x0A00_0009)

extension SessionConfiguration {
    /// `@` is the default; A passive, B iBGP, D both families and all that can be offered for them, H hold time 0, P the
    /// peer's AS by number, a long host name and KEEPALIVEs every second, and the letters between are their sums.
    init(fuzzed octet: UInt8) {
        func has(_ bit: UInt8) -> Bool { octet & bit != 0 }
        self.init(
            peer: ScopedAddress(Endpoints.fuzzed.remote), localAS: ASNumber(has(2) ? 65000 : 4_200_000_001),
            peerAS: has(16) ? .exactly(ASNumber(65000)) : has(2) ? .internal : .external, identifier: ourIdentifier,
            holdTime: has(8) ? 0 : 9, keepaliveInterval: has(16) ? .seconds(1) : nil, isPassive: has(1),
            families: has(4) ? [.ipv4Unicast, .ipv6Unicast] : [.ipv4Unicast], offersExtendedNextHop: has(4),
            longLivedStaleTime: has(4) ? .max : nil,
            hostName: has(16) ? String(repeating: "n", count: 70) + "." + String(repeating: "d", count: 140) : nil)
    }
}

extension Endpoints {
    static let fuzzed = Endpoints(local: .v4(IPv4Address(0x0A00_0009)), remote: .v4(IPv4Address(0x0A00_0001)))
}

extension Open {
    /// `@` suits us. Bits 0 and 1: identifier lower, higher, ours, zero. Bits 2 and 3: hold time 90, 3, 0, 1 s. Bit 4:
    /// graceful restart for a family. Bit 7: no capability.
    init(fuzzed octet: UInt8) {
        var capabilities: [Capability] = [
            .multiprotocol(.ipv4Unicast), .multiprotocol(.ipv6Unicast), .routeRefresh, .fourOctetAS(ASNumber(65000)),
        ]
        if octet & 0x10 != 0 {
            let family = Capability.GracefulRestart.Family(family: .ipv4Unicast, flags: 0x80)
            capabilities.append(
                .gracefulRestart(Capability.GracefulRestart(flags: 8, restartTime: 120, families: [family])))
        }
        self.init(
            myAS: 65000, holdTime: [90, 3, 0, 1][Int(octet >> 2 & 3)],
            identifier: [BGPIdentifier(0x0A00_0001), BGPIdentifier(0x0A00_00FF), ourIdentifier, BGPIdentifier(0)][
                Int(octet & 3)],
            parameters: octet & 0x80 != 0 ? [] : [.capabilities(capabilities)])
    }
}

extension Update {
    /// One prefix with all it needs.
    static let fuzzed = Update(
        attributes: [
            PathAttribute(.origin(.igp)), PathAttribute(.asPath([ASPathSegment(.sequence, [ASNumber(65000)])])),
            PathAttribute(.nextHop(IPv4Address(0x0A00_0001))),
        ], nlri: [IPPrefix(host: .v4(IPv4Address(0x0AC8_0001)))])
}

extension TransportFailure {
    init(fuzzed octet: UInt8) {
        let all: [TransportFailure] = [
            .refused, .timedOut(md5: false, onLink: nil), .timedOut(md5: false, onLink: false),
            .timedOut(md5: false, onLink: true), .timedOut(md5: true, onLink: nil), .timedOut(md5: true, onLink: false),
            .timedOut(md5: true, onLink: true), .closedByPeer, .unacknowledged, .reset, .hostUnreachable,
            .networkUnreachable, .sourceUnavailable, .md5Unavailable(errno: 92),
            .system(errno: 22, operation: "connect"),
        ]
        self = all[Int(octet & 0x1F) % all.count]
    }
}

extension CeaseSubcode {
    init(fuzzed octet: UInt8) {
        self = CeaseSubcode(rawValue: octet % 10 + 1) ?? .administrativeShutdown
    }
}
