internal import CLinuxShim
internal import Glibc
internal import IPTypes

/// A question to the hosts of a link: who is there, and who is a router. It keeps its sockets for the answers, which
/// are read when they are asked for; nothing waits.
package struct RouterSolicitation: Sendable {
    /// The link.
    let interfaceIndex: UInt32
    /// True if those in doubt were asked one by one: nothing more can be asked.
    package let isLast: Bool
    private var sockets: [ICMPv6Socket] = []

    /// More answers than this are not read.
    private static let mostAnswers = 256

    /// A question that has been left to the kernel's own neighbour discovery.
    init(leftToKernelOnLink index: UInt32) {
        interfaceIndex = index
        isLast = true
    }

    /// Sends an echo request to all nodes and a router solicitation to all routers, as far as that is permitted; nil if
    /// nothing could be sent.
    init?(onLink index: UInt32) {
        interfaceIndex = index
        isLast = false
        let raw = ICMPv6Socket(kind: SOCK_RAW)
        let ping = ICMPv6Socket(kind: SOCK_DGRAM) ?? raw
        if let ping, ping.send(.echoRequest, onLink: index) { sockets.append(ping) }
        if let raw, raw.send(.routerSolicitation, onLink: index) { sockets.append(raw) }
        if sockets.isEmpty { return nil }
    }

    /// The link-local addresses of those who have answered so far and have not been asked for yet.
    func answers() -> (routers: [IPv6Address], hosts: [IPv6Address]) {
        var routers: [IPv6Address] = []
        var hosts: [IPv6Address] = []
        for socket in sockets {
            for _ in 0..<Self.mostAnswers {
                guard let answer = socket.receive() else { break }
                guard answer.interfaceIndex == interfaceIndex, answer.source.isLinkLocal else { continue }
                switch answer.type {
                case ICMPv6Message.echoReply: hosts.append(answer.source)
                case ICMPv6Message.routerAdvertisement: routers.append(answer.source)
                default: break
                }
            }
        }
        return (routers, hosts)
    }
}

/// A message that asks: type, code, checksum (which the kernel fills in), and four octets of body.
struct ICMPv6Message {
    var bytes: [UInt8]
    var destination: IPv6Address

    /// RFC 4443 section 4.1, to all nodes: identifier and sequence number 0, no data.
    static let echoRequest = Self(type: 128, group: 1)
    /// RFC 4861 section 4.1, to all routers, without options.
    static let routerSolicitation = Self(type: 133, group: 2)

    static let echoReply: UInt8 = 129
    static let routerAdvertisement: UInt8 = 134

    private init(type: UInt8, group: UInt64) {
        bytes = [type, 0, 0, 0, 0, 0, 0, 0]
        // ff02::1 is all nodes of the link, ff02::2 all routers (RFC 4291 section 2.7.1).
        destination = IPv6Address(high: 0xFF02 << 48, low: group)
    }
}

/// A non-blocking socket for ICMPv6.
private final class ICMPv6Socket: Sendable {
    private let descriptor: CInt

    /// ICMP6_FILTER of netinet/icmp6.h, which the Glibc module lacks.
    private static let filter: CInt = 1

    /// The type of a message and where it came from.
    struct Answer {
        var type: UInt8
        var source: IPv6Address
        var interfaceIndex: UInt32
    }

    /// Nil without permission: SOCK_DGRAM is for the groups in net.ipv4.ping_group_range, SOCK_RAW takes CAP_NET_RAW.
    init?(kind: __socket_type) {
        descriptor = socket(
            AF_INET6, CInt(kind.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue),
            CInt(IPPROTO_ICMPV6))
        guard descriptor >= 0 else { return nil }
        // RFC 4861 section 6.1.1: routers discard a solicitation that can have passed a router.
        set(CInt(IPPROTO_IPV6), IPV6_MULTICAST_HOPS, CInt(255))
        set(CInt(IPPROTO_IPV6), IPV6_MULTICAST_LOOP, CInt(0))
        // A raw socket gets all that comes to this node: a bit for each type that is not wanted.
        if kind == SOCK_RAW {
            var unwanted = [UInt32](repeating: .max, count: 8)
            for type in [ICMPv6Message.echoReply, ICMPv6Message.routerAdvertisement] {
                unwanted[Int(type >> 5)] &= ~(1 << UInt32(type & 31))
            }
            _ = unwanted.withUnsafeBytes {
                setsockopt(descriptor, CInt(IPPROTO_ICMPV6), Self.filter, $0.baseAddress, socklen_t($0.count))
            }
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    private func set(_ level: CInt, _ option: CInt, _ value: CInt) {
        _ = withUnsafeBytes(of: value) {
            setsockopt(descriptor, level, option, $0.baseAddress, socklen_t($0.count))
        }
    }

    /// True if the kernel took the message. It does not while the interface is down or its address still tentative.
    func send(_ message: ICMPv6Message, onLink index: UInt32) -> Bool {
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_scope_id = index
        withUnsafeMutableBytes(of: &name.sin6_addr) { $0.copyBytes(from: message.destination.bytes) }
        let count = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(
                    descriptor, message.bytes, message.bytes.count, 0, $0,
                    socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
        return count == message.bytes.count
    }

    /// The next message that has come; nil if there is none.
    func receive() -> Answer? {
        var name = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        var type: UInt8 = 0
        let count = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(descriptor, &type, 1, 0, $0, &size) }
        }
        guard count >= 0, let source = IPv6Address(bytes: withUnsafeBytes(of: name.sin6_addr) { [UInt8]($0)[...] })
        else {
            return nil
        }
        return Answer(type: type, source: source, interfaceIndex: name.sin6_scope_id)
    }
}
