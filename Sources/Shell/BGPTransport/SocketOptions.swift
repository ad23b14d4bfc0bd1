import BGPFSM
import Glibc
import IPTypes
import NIOCore

/// A TCP socket by its file descriptor, and the options that BGP wants on it.
struct SocketDescriptor {
    let number: CInt

    /// All that an outgoing socket needs before its SYN leaves.
    func prepare(for endpoint: PeerEndpoint, remote: SocketAddress) throws(TransportFailure) {
        if let interface = endpoint.interface { try bind(toInterface: interface) }
        if let source = endpoint.source {
            let zone = endpoint.remote.zone ?? endpoint.interface
            try bind(to: SocketAddress(ScopedAddress(source, zone: zone), port: 0))
        }
        if let key = endpoint.md5Key { try setMD5Key(key, for: remote) }
        try apply(endpoint)
    }

    /// The options that hold for the whole life of a connection.
    func apply(_ endpoint: PeerEndpoint) throws(TransportFailure) {
        let isIPv4 = endpoint.remote.address.isIPv4
        try setTrafficClass(isIPv4: isIPv4)
        try setHopLimit(endpoint.hops.sent, isIPv4: isIPv4)
        if endpoint.hops.leastReceived > 0 {
            try isIPv4
                ? set(ipv4, IP_MINTTL, endpoint.hops.leastReceived, "IP_MINTTL")
                : set(ipv6, IPV6_MINHOPCOUNT, endpoint.hops.leastReceived, "IPV6_MINHOPCOUNT")
        }
        try setUserTimeout(endpoint.userTimeout)
        try findHalfOpen()
        try set(tcp, TCP_NODELAY, CInt(1), "TCP_NODELAY")
        try keepUrgentOctets()
        // Kernels before 6.15 do without: a link that is back then waits longer for the next retransmission.
        _ = try? set(tcp, retransmissionLimit, CInt(1_000), "TCP_RTO_MAX_MS")
    }

    /// How long what we send may stay unacknowledged.
    func setUserTimeout(_ timeout: Duration) throws(TransportFailure) {
        let milliseconds = TimeAmount(timeout).nanoseconds / 1_000_000
        try set(tcp, TCP_USER_TIMEOUT, CInt(clamping: max(1, milliseconds)), "TCP_USER_TIMEOUT")
    }

    /// Asks the peer's TCP about a connection that has been silent for three seconds. If the peer has closed it, and the reset
    /// was lost after our OPEN had arrived, nothing else would tell us: we would wait for its OPEN for a minute. Silence is
    /// no answer; that is for the hold timer, and in the end for TCP_USER_TIMEOUT.
    func findHalfOpen() throws(TransportFailure) {
        try set(tcp, TCP_KEEPIDLE, CInt(3), "TCP_KEEPIDLE")
        try set(tcp, TCP_KEEPINTVL, CInt(1), "TCP_KEEPINTVL")
        try set(SOL_SOCKET, SO_KEEPALIVE, CInt(1), "SO_KEEPALIVE")
    }

    /// An octet that is sent as urgent stays where it is in the stream; TCP would take it out.
    func keepUrgentOctets() throws(TransportFailure) {
        try set(SOL_SOCKET, SO_OOBINLINE, CInt(1), "SO_OOBINLINE")
    }

    /// DSCP CS6, network control, which switches keep when they have to drop.
    func setTrafficClass(isIPv4: Bool) throws(TransportFailure) {
        try isIPv4 ? set(ipv4, IP_TOS, CInt(0xC0), "IP_TOS") : set(ipv6, IPV6_TCLASS, CInt(0xC0), "IPV6_TCLASS")
    }

    /// The TTL or hop limit of what we send; -1 is the kernel's default.
    func setHopLimit(_ limit: CInt, isIPv4: Bool) throws(TransportFailure) {
        try isIPv4 ? set(ipv4, IP_TTL, limit, "IP_TTL") : set(ipv6, IPV6_UNICAST_HOPS, limit, "IPV6_UNICAST_HOPS")
    }

    /// Sets the TCP MD5 key for one peer, 1...80 bytes; nil takes it away, also when there is none. With a prefix length it
    /// is the key of all peers under that prefix that have none of their own.
    func setMD5Key(
        _ key: [UInt8]?, for peer: SocketAddress, prefixLength: UInt8? = nil
    ) throws(TransportFailure) {
        // To the kernel an empty key means removal; a key that was given must never turn into none.
        if let key, key.isEmpty || key.count > TCP_MD5SIG_MAXKEYLEN { throw .md5Unavailable(errno: EINVAL) }
        let key = key ?? []
        var signature = tcp_md5sig()
        peer.withSockAddr { name, size in
            withUnsafeMutableBytes(of: &signature.tcpm_addr) {
                $0.copyMemory(from: UnsafeRawBufferPointer(start: name, count: min(size, $0.count)))
            }
        }
        withUnsafeMutableBytes(of: &signature.tcpm_key) { $0.copyBytes(from: key) }
        signature.tcpm_keylen = UInt16(key.count)
        if let prefixLength {
            signature.tcpm_flags = UInt8(TCP_MD5SIG_FLAG_PREFIX)
            signature.tcpm_prefixlen = prefixLength
        }
        do {
            try set(tcp, prefixLength == nil ? TCP_MD5SIG : TCP_MD5SIG_EXT, signature, "TCP_MD5SIG")
        } catch {
            guard case .system(let code, _) = error else { throw error }
            if key.isEmpty && code == ENOENT { return }
            throw .md5Unavailable(errno: code)
        }
    }

    /// Sets the key of all link-local peers that have none of their own; nil takes it away.
    func setLinkLocalKey(_ key: [UInt8]?) throws(TransportFailure) {
        let prefix = ScopedAddress(.v6(IPv6Address(high: 0xFE80 << 48, low: 0)))
        try setMD5Key(key, for: SocketAddress(prefix, port: 0), prefixLength: 10)
    }

    /// Lets sockets that are tied to an interface be opened beside this one, which listens. Not before: another program on
    /// the port is an error, and the kernel would put this one into a group of sockets that share the port, in which it
    /// could come before one that is tied to the interface.
    func leaveRoom() {
        _ = try? set(SOL_SOCKET, SO_REUSEPORT, CInt(1), "SO_REUSEPORT")
    }

    /// Binds to a local address.
    func bind(to address: SocketAddress) throws(TransportFailure) {
        guard address.withSockAddr({ Glibc.bind(number, $0, socklen_t($1)) }) == 0 else {
            throw TransportFailure(errno: errno, operation: "bind")
        }
    }

    /// The local port; nil if the kernel does not tell.
    var localPort: UInt16? {
        withUnsafeTemporaryAllocation(byteCount: MemoryLayout<sockaddr_storage>.size, alignment: 8) { name in
            var size = socklen_t(name.count)
            let start = name.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            guard getsockname(number, start, &size) == 0, size >= 4 else { return nil }
            return UInt16(bigEndian: name.load(fromByteOffset: 2, as: UInt16.self))
        }
    }

    func bind(toInterface name: String) throws(TransportFailure) {
        let result = name.withCString {
            setsockopt(number, SOL_SOCKET, SO_BINDTODEVICE, $0, socklen_t(name.utf8.count))
        }
        guard result == 0 else { throw TransportFailure(errno: errno, operation: "SO_BINDTODEVICE") }
    }

    /// Sets one option.
    func set<Value: BitwiseCopyable>(
        _ level: CInt, _ option: CInt, _ value: Value, _ name: String
    ) throws(TransportFailure) {
        let result = withUnsafeBytes(of: value) {
            setsockopt(number, level, option, $0.baseAddress, socklen_t($0.count))
        }
        guard result == 0 else { throw TransportFailure(errno: errno, operation: name) }
    }

    /// Makes the kernel send a window probe now: an empty segment that the peer's TCP answers with RST if it does not
    /// know the connection any more, and otherwise with an ACK. Leaving the repair mode does that, and nothing between
    /// the two calls can change the connection. Needs CAP_NET_ADMIN; without it nothing happens.
    func probeWindow() {
        guard (try? set(tcp, TCP_REPAIR, CInt(1), "TCP_REPAIR")) != nil else { return }
        _ = try? set(tcp, TCP_REPAIR, CInt(0), "TCP_REPAIR")
        // The repair mode has taken it away, and a listener that is opened later shall not mind this socket.
        _ = try? set(SOL_SOCKET, SO_REUSEADDR, CInt(1), "SO_REUSEADDR")
    }

    /// `tcpi_data_segs_in` of TCP_INFO, which the C library's structure is too old for; nil if the kernel does not tell.
    var receivedSegments: Int? {
        let position = 152
        return withUnsafeTemporaryAllocation(byteCount: position + 4, alignment: 8) { info in
            var size = socklen_t(info.count)
            guard getsockopt(number, tcp, TCP_INFO, info.baseAddress, &size) == 0, size == info.count else {
                return nil
            }
            return Int(info.load(fromByteOffset: position, as: UInt32.self))
        }
    }

    /// Bytes that have arrived and were not read (SIOCINQ); nil if the kernel does not tell.
    var unreadBytes: Int? {
        var count: CInt = 0
        return ioctl(number, UInt(FIONREAD), &count) == 0 ? Int(count) : nil
    }

    /// Bytes that the peer has not acknowledged yet (SIOCOUTQ); nil if the kernel does not tell.
    var unacknowledgedBytes: Int? {
        var count: CInt = 0
        return ioctl(number, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : nil
    }
}

private let ipv4 = CInt(IPPROTO_IP)
private let tcp = CInt(IPPROTO_TCP)
/// TCP_RTO_MAX_MS, the longest pause between two retransmissions; too new for the C library.
private let retransmissionLimit: CInt = 44
/// The level of IPv6 options.
let ipv6 = CInt(IPPROTO_IPV6)

extension Channel {
    /// Runs `body` with the channel's socket; nil if the channel is closed or has none. Only on its event loop.
    func withDescriptor<Result>(_ body: (SocketDescriptor) throws(TransportFailure) -> Result) throws -> Result? {
        do {
            return try pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
                try body(SocketDescriptor(number: $0))
            }
        } catch let error as IOError where error.errnoCode == EBADF {
            // Closed already; what is said when it closes is still to come.
            return nil
        }
    }
}
