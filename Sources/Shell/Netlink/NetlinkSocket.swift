internal import CLinuxShim
internal import Glibc

/// One end of a conversation with the kernel, in whole datagrams. Tests replay recorded ones.
protocol NetlinkSocket: AnyObject {
    /// Hands one datagram to the kernel.
    func send(_ datagram: [UInt8]) throws(SystemCallFailure)
    /// The next datagram of the kernel; waits a bounded time.
    func receive() throws(SystemCallFailure) -> [UInt8]
}

/// A system call that failed, with its errno.
struct SystemCallFailure: Error, Equatable {
    var code: CInt
}

/// The real thing: a blocking netlink socket for requests. The kernel works inside send(), so receive() has its
/// answer at once; the time limit is for a kernel that breaks that promise.
final class KernelNetlinkSocket: NetlinkSocket {
    private let descriptor: CInt

    /// The kernel never fills more than 32 KiB of a datagram (NLMSG_GOODSIZE and the largest dump chunk).
    static let largestDatagram = 65_536

    /// A socket for questions to one part of the kernel, such as NETLINK_ROUTE.
    init(_ family: CInt = NETLINK_ROUTE) throws(NetlinkError) {
        descriptor = try openNetlinkSocket(family, flags: 0, groups: 0)
        // Answers carry the kernel's reason in words, and do not repeat the request; dumps honour the interface we
        // name. Kernels before 4.12 and 4.20 do without.
        setOption(SOL_NETLINK, NETLINK_EXT_ACK, CInt(1))
        setOption(SOL_NETLINK, NETLINK_CAP_ACK, CInt(1))
        setOption(SOL_NETLINK, NETLINK_GET_STRICT_CHK, CInt(1))
        setOption(SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: 2, tv_usec: 0))
        setOption(SOL_SOCKET, SO_SNDTIMEO, timeval(tv_sec: 2, tv_usec: 0))
    }

    deinit {
        close(descriptor)
    }

    private func setOption<Value: BitwiseCopyable>(_ level: CInt, _ name: CInt, _ value: Value) {
        _ = withUnsafeBytes(of: value) {
            setsockopt(descriptor, level, name, $0.baseAddress, socklen_t($0.count))
        }
    }

    func send(_ datagram: [UInt8]) throws(SystemCallFailure) {
        let count = try retryingInterrupted { Glibc.send(descriptor, datagram, datagram.count, 0) }
        // Netlink takes a datagram whole or not at all; if not, no answer may be waited for.
        guard count == datagram.count else { throw SystemCallFailure(code: EMSGSIZE) }
    }

    func receive() throws(SystemCallFailure) -> [UInt8] {
        var failure: SystemCallFailure?
        let datagram = [UInt8](unsafeUninitializedCapacity: Self.largestDatagram) { buffer, count in
            count = 0
            do throws(SystemCallFailure) {
                // MSG_TRUNC: the true length of the datagram, so that a cut one is noticed.
                let length = try retryingInterrupted {
                    recv(descriptor, buffer.baseAddress, buffer.count, CInt(MSG_TRUNC))
                }
                guard length <= buffer.count else { throw SystemCallFailure(code: EMSGSIZE) }
                count = length
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return datagram
    }
}

/// A netlink socket that talks to the kernel alone and, with `groups`, hears its announcements. The caller owns the
/// descriptor.
func openNetlinkSocket(
    _ family: CInt = NETLINK_ROUTE, flags: CInt, groups: UInt32
) throws(NetlinkError) -> CInt {
    try repeatingWhileTransient { () throws(NetlinkError) in
        try openNetlinkSocketOnce(family, flags: flags, groups: groups)
    }
}

private func openNetlinkSocketOnce(_ family: CInt, flags: CInt, groups: UInt32) throws(NetlinkError) -> CInt {
    let kind = CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | flags
    let descriptor = socket(AF_NETLINK, kind, family)
    guard descriptor >= 0 else { throw .systemCall(operation: "opening a netlink socket", code: errno) }

    var own = sockaddr_nl()
    own.nl_family = sa_family_t(AF_NETLINK)
    own.nl_groups = groups
    // Port 0 is the kernel. Once connected, no other process can send to this socket.
    var kernel = sockaddr_nl()
    kernel.nl_family = sa_family_t(AF_NETLINK)
    guard call(bind, descriptor, &own) == 0, call(connect, descriptor, &kernel) == 0 else {
        let code = errno
        close(descriptor)
        throw .systemCall(operation: "binding a netlink socket", code: code)
    }
    return descriptor
}

private func call(
    _ function: (CInt, UnsafePointer<sockaddr>?, socklen_t) -> CInt, _ descriptor: CInt, _ address: inout sockaddr_nl
) -> CInt {
    withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
        }
    }
}

private func retryingInterrupted(_ call: () -> Int) throws(SystemCallFailure) -> Int {
    while true {
        let result = call()
        if result >= 0 { return result }
        let code = errno
        guard code == EINTR else { throw SystemCallFailure(code: code) }
    }
}
