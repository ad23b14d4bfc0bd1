import CLinuxShim
import Glibc
import IPTypes

/// A UDP socket by its file descriptor, and the options that BFD wants on it.
struct UDPSocket {
    let number: CInt
    let isIPv4: Bool
    /// What it is for, in the words of a failure.
    let purpose: String

    /// A new socket, not blocking.
    init(isIPv4: Bool, purpose: String) throws(BFDSocketFailure) {
        let type = CInt(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        number = socket(isIPv4 ? AF_INET : AF_INET6, type, 0)
        self.isIPv4 = isIPv4
        self.purpose = purpose
        guard number >= 0 else { throw failure("socket") }
    }

    func close() {
        Glibc.close(number)
    }

    /// Binds to a local address and port.
    func bind(to name: SocketName) throws(BFDSocketFailure) {
        guard name.withSockaddr({ Glibc.bind(number, $0, $1) }) == 0 else { throw failure("bind") }
    }

    /// Ties the socket to an interface.
    func bind(toInterface name: String) throws(BFDSocketFailure) {
        let result = name.withCString {
            setsockopt(number, SOL_SOCKET, SO_BINDTODEVICE, $0, socklen_t(name.utf8.count))
        }
        guard result == 0 else { throw failure("SO_BINDTODEVICE") }
    }

    /// TTL or hop limit 255, which the receiver checks (RFC 5881 section 5), and DSCP CS6, network control, which
    /// switches keep when they have to drop.
    func mark() throws(BFDSocketFailure) {
        try isIPv4
            ? set(CInt(IPPROTO_IP), IP_TTL, CInt(255), "IP_TTL")
            : set(CInt(IPPROTO_IPV6), IPV6_UNICAST_HOPS, CInt(255), "IPV6_UNICAST_HOPS")
        try isIPv4
            ? set(CInt(IPPROTO_IP), IP_TOS, CInt(0xC0), "IP_TOS")
            : set(CInt(IPPROTO_IPV6), IPV6_TCLASS, CInt(0xC0), "IPV6_TCLASS")
    }

    /// Has the kernel drop what no peer can have sent, before it takes room and time from what they send.
    func drop(allBut filter: SourceFilter) throws(BFDSocketFailure) {
        let result = filter.program.withUnsafeBufferPointer { instructions in
            var program = sock_fprog(
                len: UInt16(instructions.count), filter: UnsafeMutablePointer(mutating: instructions.baseAddress))
            return setsockopt(
                number, SOL_SOCKET, SO_ATTACH_FILTER, &program, socklen_t(MemoryLayout<sock_fprog>.size))
        }
        guard result == 0 else { throw failure("SO_ATTACH_FILTER") }
    }

    /// The local port; nil if the kernel does not tell.
    var localPort: UInt16? {
        withUnsafeTemporaryAllocation(byteCount: MemoryLayout<sockaddr_storage>.size, alignment: 8) { name in
            var size = socklen_t(name.count)
            let start = name.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            guard getsockname(number, start, &size) == 0, size >= SocketName.port.upperBound else { return nil }
            return UInt16(bigEndian: name.load(fromByteOffset: SocketName.port.lowerBound, as: UInt16.self))
        }
    }

    /// Sets one option.
    func set<Value: BitwiseCopyable>(
        _ level: CInt, _ option: CInt, _ value: Value, _ name: String
    ) throws(BFDSocketFailure) {
        let result = withUnsafeBytes(of: value) {
            setsockopt(number, level, option, $0.baseAddress, socklen_t($0.count))
        }
        guard result == 0 else { throw failure(name) }
    }

    /// The failure that the last call left in errno.
    func failure(_ operation: String) -> BFDSocketFailure {
        BFDSocketFailure(purpose, operation, errno: Glibc.errno)
    }
}
