/// A capability (RFC 5492); whatever is not understood is kept as it came.
package enum Capability: Sendable, Hashable {
    /// Code 1: multiprotocol (RFC 4760).
    case multiprotocol(AddressFamily)
    /// Code 2: route refresh (RFC 2918).
    case routeRefresh
    /// Code 5: extended next hop (RFC 8950).
    case extendedNextHop([ExtendedNextHop])
    /// Code 6: extended message (RFC 8654).
    case extendedMessage
    /// Code 64: graceful restart (RFC 4724).
    case gracefulRestart(GracefulRestart)
    /// Code 65: four-octet AS (RFC 6793).
    case fourOctetAS(ASNumber)
    /// Code 70: enhanced route refresh (RFC 7313).
    case enhancedRouteRefresh
    /// Code 71: long-lived graceful restart (RFC 9494).
    case longLivedGracefulRestart([LongLivedGracefulRestart])
    /// Code 73: host name (draft-walton-bgp-hostname-capability), as raw text bytes.
    case fqdn(host: [UInt8], domain: [UInt8])
    /// Any other code, or a known code whose value has an unexpected form.
    case other(code: UInt8, value: [UInt8])

    /// One tuple of the extended next hop capability: prefixes of `family` with next hops of `nextHopAFI`.
    package struct ExtendedNextHop: Sendable, Hashable {
        /// The family of the prefixes.
        package var family: AddressFamily
        /// The address family of their next hops: 2 is IPv6.
        package var nextHopAFI: UInt16

        /// A tuple of these two.
        package init(family: AddressFamily, nextHopAFI: UInt16) {
            self.family = family
            self.nextHopAFI = nextHopAFI
        }
    }

    /// The value of the graceful restart capability.
    package struct GracefulRestart: Sendable, Hashable {
        /// The four flag bits: 8 is R (restarted), 4 is N (RFC 8538).
        package var flags: UInt8
        /// Restart time in seconds, 12 bits.
        package var restartTime: UInt16
        /// The families whose routes the peer is to keep; without one only End-of-RIB is promised.
        package var families: [Family]

        /// One family of the graceful restart capability.
        package struct Family: Sendable, Hashable {
            /// The family.
            package var family: AddressFamily
            /// 0x80 is F: forwarding went on during the restart.
            package var flags: UInt8

            /// A family with these flags.
            package init(family: AddressFamily, flags: UInt8) {
                self.family = family
                self.flags = flags
            }
        }

        /// A capability with these fields.
        package init(flags: UInt8, restartTime: UInt16, families: [Family]) {
            self.flags = flags
            self.restartTime = restartTime
            self.families = families
        }
    }

    /// One tuple of the long-lived graceful restart capability.
    package struct LongLivedGracefulRestart: Sendable, Hashable {
        /// The family.
        package var family: AddressFamily
        /// 0x80 is F: forwarding went on during the restart.
        package var flags: UInt8
        /// Long-lived stale time in seconds, 24 bits.
        package var staleTime: UInt32

        /// A tuple of these three.
        package init(family: AddressFamily, flags: UInt8, staleTime: UInt32) {
            self.family = family
            self.flags = flags
            self.staleTime = staleTime
        }
    }
}
