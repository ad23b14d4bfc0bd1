import Glibc
import IPTypes
import Testing

@testable import Netlink

/// The kernel, which fails one call.
private final class FailingSocket: NetlinkSocket {
    private let kernel: KernelNetlinkSocket
    private let code: CInt
    private var left: Int
    private(set) var hasFailed = false

    /// Fails the call that comes after `count` others, sending or receiving. EAGAIN is one of sending.
    init(after count: Int, code: CInt) throws {
        kernel = try KernelNetlinkSocket()
        left = count
        self.code = code
    }

    func send(_ datagram: [UInt8]) throws(SystemCallFailure) {
        try failIfDue()
        try kernel.send(datagram)
    }

    func receive() throws(SystemCallFailure) -> [UInt8] {
        if code != EAGAIN { try failIfDue() }
        return try kernel.receive()
    }

    private func failIfDue() throws(SystemCallFailure) {
        defer { left -= 1 }
        guard left == 0 else { return }
        hasFailed = true
        throw SystemCallFailure(code: code)
    }
}

/// One call to the kernel fails for want of memory, each in turn: all that is done by netlink is done all the same.
@Suite(
    .enabled(if: NetworkNamespace.isPermitted, "needs permission to make network namespaces, and iproute2"),
    .timeLimit(.minutes(1)))
struct TransientFailureTests {
    @Test(arguments: [ENOBUFS, ENOMEM, EAGAIN])
    func `a VIP is bound, found and unbound although one call fails`(code: CInt) async throws {
        try await NetworkNamespace.with { namespace in
            try await namespace.run { () throws in
                try NetworkNamespace.ip("link set lo up")
                var failures = 0
                while true {
                    let socket = try FailingSocket(after: failures, code: code)
                    let lo = try InterfaceAddresses(
                        interface: "lo", exchange: NetlinkExchange(socket: socket), kernelKeepsTags: true)
                    for vip in KernelTests.vips {
                        _ = try lo.bind(vip)
                        #expect(try lo.bind(vip) == .kept)
                    }
                    #expect(try lo.leftovers().map(\.hostPrefix) == KernelTests.vips)
                    for vip in KernelTests.vips { _ = try lo.unbind(vip) }
                    #expect(try lo.leftovers().isEmpty)
                    guard socket.hasFailed else { break }
                    failures += 1
                }
                #expect(failures > (code == EAGAIN ? 10 : 20))
            }
        }
    }
}

/// What the kernel has no memory for in one moment, it may do in the next: the opening of a socket, for example.
@Suite struct RepeatingWhileTransientTests {
    @Test func whatFailsForWantOfMemoryIsDoneUpToFiveTimes() throws {
        var calls = 0
        let value = try repeatingWhileTransient { () throws(NetlinkError) in
            calls += 1
            guard calls == 5 else { throw .systemCall(operation: "opening a netlink socket", code: ENOBUFS) }
            return calls
        }
        #expect(value == 5)
        calls = 0
        #expect(throws: NetlinkError.systemCall(operation: "opening a netlink socket", code: ENOBUFS)) {
            try repeatingWhileTransient { () throws(NetlinkError) in
                calls += 1
                throw .systemCall(operation: "opening a netlink socket", code: ENOBUFS)
            }
        }
        #expect(calls == 5)
    }

    @Test func whatIsForbiddenIsNotTriedAgain() {
        var calls = 0
        #expect(throws: NetlinkError.systemCall(operation: "opening a netlink socket", code: EPERM)) {
            try repeatingWhileTransient { () throws(NetlinkError) in
                calls += 1
                throw .systemCall(operation: "opening a netlink socket", code: EPERM)
            }
        }
        #expect(calls == 1)
    }
}
