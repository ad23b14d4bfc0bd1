import Glibc
import IPTypes
import Testing

@testable import Daemon

/// Two instances with the same address in one network namespace.
@Suite struct AddressLockTests {
    /// Addresses that no other run of the tests on this host has.
    private static func address(_ number: UInt64) -> IPAddress {
        .v6(IPv6Address(high: 0x2001_0DB8_0000_0000 | UInt64(getpid()), low: number))
    }

    @Test func `the second one with an address is told who has it, until that one is gone`() throws {
        let first = try AddressLocks([Self.address(1), Self.address(2)])
        let error = #expect(throws: AddressInUse.self) { try AddressLocks([Self.address(3), Self.address(2)]) }
        #expect(error?.address == Self.address(2))
        #expect(error?.process == getpid())
        #expect(
            error?.description
                == "another bgpvip (pid \(getpid())) on this node binds \(Self.address(2)) already; one of the two would take it from the other: stop that one first, or give them different addresses"
        )
        // What was taken before the failure is given back.
        try AddressLocks([Self.address(3)]).release()
        first.release()
        try AddressLocks([Self.address(1), Self.address(2)]).release()
    }

    @Test func `instances with different addresses live side by side`() throws {
        let first = try AddressLocks([Self.address(11)])
        let second = try AddressLocks([Self.address(12)])
        first.release()
        second.release()
    }
}
