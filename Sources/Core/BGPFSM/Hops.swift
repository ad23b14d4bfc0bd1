/// How far away a peer may be, and the TTLs or hop limits that follow from it.
package enum Hops: Sendable, Hashable {
    /// On the same link: TTL 1 is sent, so that nothing of ours passes a router (external peers).
    case direct
    /// The kernel's own default TTL (internal peers).
    case kernelDefault
    /// This TTL is sent; what arrives is not judged.
    case multihop(UInt8)
    /// GTSM (RFC 5082): TTL 255 is sent, and what has come over more than this many hops is dropped by the kernel.
    case ttlSecurity(UInt8)

    /// The TTL or hop limit to send; -1 is the kernel's default.
    package var sent: Int32 {
        switch self {
        case .direct: 1
        case .kernelDefault: -1
        case .multihop(let hops): max(1, Int32(hops))
        case .ttlSecurity: 255
        }
    }

    /// The smallest TTL or hop limit that is let in; 0 lets everything in.
    package var leastReceived: Int32 {
        switch self {
        case .direct, .kernelDefault, .multihop: 0
        case .ttlSecurity(let hops): 256 - max(1, Int32(hops))
        }
    }
}
