import IPTypes

/// A standard community (RFC 1997), printed as `65000:100` or by its well-known name.
package struct Community: Sendable, Hashable, Comparable {
    /// Both halves as one number: 65000:100 is 0xFDE80064.
    package var value: UInt32

    /// The community with this number.
    package init(_ value: UInt32) {
        self.value = value
    }

    /// GRACEFUL_SHUTDOWN, 65535:0 (RFC 8326): please use another path, this one is about to go.
    package static let gracefulShutdown = Community(0xFFFF_0000)
    /// LLGR_STALE, 65535:6 (RFC 9494): the path is kept although its speaker is gone.
    package static let longLivedStale = Community(0xFFFF_0006)
    /// NO_LLGR, 65535:7 (RFC 9494): do not keep this path when its speaker is gone.
    package static let noLongLivedStale = Community(0xFFFF_0007)
    /// BLACKHOLE, 65535:666 (RFC 7999): drop the traffic to this prefix.
    package static let blackhole = Community(0xFFFF_029A)
    /// NO_EXPORT (RFC 1997): do not tell other ASes.
    package static let noExport = Community(0xFFFF_FF01)
    /// NO_ADVERTISE (RFC 1997): do not advertise to any peer.
    package static let noAdvertise = Community(0xFFFF_FF02)
    /// NO_EXPORT_SUBCONFED (RFC 1997): do not tell other ASes of the confederation either.
    package static let noExportSubconfederation = Community(0xFFFF_FF03)
    /// NOPEER (RFC 3765): do not tell bilateral peers.
    package static let noPeer = Community(0xFFFF_FF04)

    package static func < (left: Community, right: Community) -> Bool {
        left.value < right.value
    }
}

extension Community: CustomStringConvertible {
    /// The registered names, as routers write them.
    private static let names: [(Community, String)] = [
        (.gracefulShutdown, "graceful-shutdown"), (Community(0xFFFF_0001), "accept-own"),
        (.longLivedStale, "llgr-stale"), (.noLongLivedStale, "no-llgr"), (.blackhole, "blackhole"),
        (.noExport, "no-export"), (.noAdvertise, "no-advertise"),
        (.noExportSubconfederation, "no-export-subconfed"), (.noPeer, "no-peer"),
    ]

    /// Parses `65000:100` with both halves 0...65535, or a well-known name in lower case.
    package init?(_ text: some StringProtocol) {
        if let known = Self.names.first(where: { $0.1 == text }) {
            self = known.0
            return
        }
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 2, let high = UInt16(decimalDigits: parts[0]), let low = UInt16(decimalDigits: parts[1])
        else { return nil }
        value = UInt32(high) << 16 | UInt32(low)
    }

    /// The well-known name, else both halves with a colon.
    package var description: String {
        Self.names.first { $0.0 == self }?.1 ?? "\(value >> 16):\(value & 0xFFFF)"
    }
}
