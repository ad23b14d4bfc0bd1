internal import CLinuxShim
internal import Glibc
internal import IPTypes

/// Asks all hosts and all routers of a link to show themselves; true if anything was sent. The sockets are closed at
/// once, since the answers' effect is on the kernel's neighbour table and not on them.
func sendSolicitations(onLink index: UInt32) -> Bool {
    let raw = ICMPv6Socket(kind: SOCK_RAW)
    let pinged = (ICMPv6Socket(kind: SOCK_DGRAM) ?? raw)?.send(ICMPv6Message.echoRequest, to: .allNodes, onLink: index)
    let solicited = raw?.send(ICMPv6Message.routerSolicitation, to: .allRouters, onLink: index)
    return pinged == true || solicited == true
}

/// Messages of ICMPv6: type, code, checksum (which the kernel fills in), body.
enum ICMPv6Message {
    /// RFC 4443 section 4.1: identifier and sequence number 0, no data.
    static let echoRequest: [UInt8] = [128, 0, 0, 0, 0, 0, 0, 0]
    /// RFC 4861 section 4.1: reserved, no options.
    static let routerSolicitation: [UInt8] = [133, 0, 0, 0, 0, 0, 0, 0]
}

extension IPv6Address {
    /// ff02::1 and ff02::2 (RFC 4291 section 2.7.1).
    fileprivate static let allNodes = IPv6Address(high: 0xFF02 << 48, low: 1)
    fileprivate static let allRouters = IPv6Address(high: 0xFF02 << 48, low: 2)
}

/// A socket for a message or two.
private final class ICMPv6Socket {
    private let descriptor: CInt

    /// Nil without permission: SOCK_DGRAM is for the groups in net.ipv4.ping_group_range, SOCK_RAW takes CAP_NET_RAW.
    init?(kind: __socket_type) {
        descriptor = socket(
            AF_INET6, CInt(kind.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue),
            CInt(IPPROTO_ICMPV6.rawValue))
        guard descriptor >= 0 else { return nil }
        // RFC 4861 section 6.1.1: routers discard a solicitation that can have passed a router.
        set(IPV6_MULTICAST_HOPS, 255)
        set(IPV6_MULTICAST_LOOP, 0)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    private func set(_ option: CInt, _ value: CInt) {
        _ = withUnsafeBytes(of: value) {
            setsockopt(descriptor, CInt(IPPROTO_IPV6.rawValue), option, $0.baseAddress, socklen_t($0.count))
        }
    }

    /// True if the kernel took the message. It does not while the interface is down or its address still tentative.
    func send(_ message: [UInt8], to address: IPv6Address, onLink index: UInt32) -> Bool {
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        withUnsafeMutableBytes(of: &name.sin6_addr) { $0.copyBytes(from: address.bytes) }
        name.sin6_scope_id = index
        let count = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
        return count == message.count
    }
}
