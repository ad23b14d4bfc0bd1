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

    @Test func `what an instance that lives has bound is no leftover, whoever died or came since`() throws {
        let name = "bgpvip test \(getpid()) three"
        func locks(_ addresses: [IPAddress]) throws -> AddressLocks { try AddressLocks(addresses, prefix: name) }
        let marked = (21...24).map { IPPrefix(host: Self.address($0)) }
        let first = try locks([Self.address(21), Self.address(24)])
        let second = try locks([Self.address(22)])
        first.release()
        // The third begins after the first has ended: the second lives all the while.
        let third = try locks([Self.address(21)])
        #expect(third.leftovers(among: marked) == [marked[0], marked[2], marked[3]])
        #expect(second.leftovers(among: marked) == [marked[1], marked[2], marked[3]])
        #expect(AddressLocks(prefix: name).leftovers(among: marked) == [marked[2], marked[3]])
        third.release()
        second.release()
        #expect(AddressLocks(prefix: name).leftovers(among: marked) == marked)
    }

    @Test func `beside an instance with more addresses than it has locks for only one's own can be leftovers`() throws {
        let marked = (1...200).map { IPPrefix(host: Self.address($0)) }
        func locks(_ range: ClosedRange<Int>) throws -> AddressLocks {
            try AddressLocks(range.map { marked[$0].address }, prefix: "bgpvip test \(getpid()) many")
        }
        let first = try locks(0...69)
        let second = try locks(70...139)
        first.release()
        // The second has many as well, and said so beside the first.
        let third = try locks(140...141)
        #expect(third.leftovers(among: marked) == Array(marked[140...141]))
        #expect(
            second.leftovers(among: marked)
                == marked.enumerated().filter { !(140...141).contains($0.offset) }.map(\.element))
        second.release()
        #expect(third.leftovers(among: marked) == marked)
        third.release()
    }

    @Test func `other addresses are held from then on, or all stays as it is`() throws {
        let addresses = (41...43).map(Self.address)
        var first = try AddressLocks([addresses[0], addresses[1]])
        let second = try AddressLocks([addresses[2]])
        #expect(throws: AddressInUse.self) { try first.hold([addresses[1], addresses[2]]) }
        #expect(throws: AddressInUse.self) { try AddressLocks([addresses[0]]) }
        second.release()
        try first.hold([addresses[1], addresses[2]])
        try AddressLocks([addresses[0]]).release()
        #expect(throws: AddressInUse.self) { try AddressLocks([addresses[2]]) }
        first.release()
    }

    @Test func `instances with different addresses live side by side`() throws {
        let first = try AddressLocks([Self.address(11)])
        let second = try AddressLocks([Self.address(12)])
        first.release()
        second.release()
    }

    @Test func `what is held can change, or all of it stays as it is`() throws {
        var first = try AddressLocks([Self.address(21), Self.address(22)])
        let second = try AddressLocks([Self.address(23)])
        #expect(throws: AddressInUse.self) { try first.hold([Self.address(24), Self.address(23)]) }
        #expect(throws: AddressInUse.self) { try AddressLocks([Self.address(21)]) }
        try first.hold([Self.address(22), Self.address(24)])
        try AddressLocks([Self.address(21)]).release()
        #expect(throws: AddressInUse.self) { try AddressLocks([Self.address(24)]) }
        first.release()
        second.release()
        try AddressLocks([Self.address(22), Self.address(24)]).release()
    }
}
