import Advertising
import BGPWire
import Deadlines
import Glibc
import IPTypes
import NIOCore
import NIOEmbedded
import Settings
import SpeakerCore
import Testing

@testable import Daemon
@testable import Netlink

/// The VIPs on the interface: what comes before what, and whose they are.
struct VIPAddressesTests {
    private let bench = OwnerBench()
    private let interface: FakeInterface
    private let owner: VIPAddresses
    /// Tests run beside one another.
    private let prefix = "bgpvip test \(UInt64.random(in: 0 ... .max))"

    init() throws {
        let record = bench.record
        let interface = FakeInterface(record)
        self.interface = interface
        var machine = Machine(
            thread: bench.thread, peers: FakePeerKernel(record).kernel, endConnections: { _, _ in .success(0) })
        machine.interface = { _ throws(NetlinkError) in interface }
        owner = VIPAddresses(
            bench.link, interface: "lo", locks: AddressLocks(prefix: prefix),
            connections: ConnectionEnding(bench.link, thread: bench.thread) { kind, addresses in
                record.lines.append("end \(kind) \(addresses.count)")
                return .success(0)
            }, on: machine)
        try owner.begin { _ in }
    }

    private let refused = NetlinkError.refused(operation: "adding", code: 1, kernelText: nil)

    @Test func whatWasSentLeavesBeforeAnAddressIsAdded() {
        owner.bind([Sample.vip(1)], globalScope: false)
        #expect(bench.takeRecord() == ["flush", "bind 1", "\(Input.bound([Sample.vip(1)]))"])
        bench.thread.work()
        #expect(bench.takeRecord() == ["end toOtherNodes 1"])
    }

    @Test func connectionsEndBeforeAnAddressIsTakenOff() {
        owner.bind([Sample.vip(1)], globalScope: false)
        bench.thread.work()
        bench.record.lines = []
        owner.unbind([Sample.vip(1)])
        #expect(bench.takeRecord() == ["flush"])
        bench.thread.work()
        bench.loop.run()
        #expect(
            bench.takeRecord() == ["end fromRemote 1", "flush", "unbind 1", "\(Input.unbound([Sample.vip(1)]))"])
        bench.thread.work()
        #expect(bench.takeRecord() == ["end fromVIP 1"])
    }

    @Test func aKernelThatDoesNotEndConnectionsHoldsNothingUp() {
        owner.unbind([Sample.vip(1)])
        bench.loop.advanceTime(by: ConnectionEnding.limit - .nanoseconds(1))
        #expect(bench.takeRecord() == ["flush"])
        bench.loop.advanceTime(by: .nanoseconds(1))
        #expect(bench.takeRecord() == ["flush", "unbind 1", "\(Input.unbound([Sample.vip(1)]))"])
        // Its answer is late, and changes nothing.
        bench.thread.work()
        bench.loop.run()
        #expect(bench.takeRecord() == ["end fromRemote 1"])
    }

    @Test func whatTheKernelRefusesIsToldOneByOne() {
        interface.refusal = refused
        owner.bind([Sample.vip(1), Sample.vip(2)], globalScope: false)
        #expect(
            bench.takeRecord() == [
                "flush", "bind 2", "\(Input.bindFailed(Sample.vip(1), reason: "\(refused)"))",
                "\(Input.bindFailed(Sample.vip(2), reason: "\(refused)"))",
            ])
    }

    @Test func anAddressOfSomeoneElseIsUsedAndItsConnectionsLive() {
        interface.foreign = [Sample.vip(1)]
        for _ in 0..<2 { owner.bind([Sample.vip(1)], globalScope: false) }
        #expect(
            bench.takeRecord() == [
                "flush", "bind 1",
                "warning: VIP was added to lo by another program; it is used, and not removed",
                "\(Input.bound([Sample.vip(1)]))", "flush", "bind 1", "\(Input.bound([Sample.vip(1)]))",
            ])
        owner.unbind([Sample.vip(1)])
        #expect(bench.takeRecord() == ["flush", "flush", "unbind 1", "\(Input.unbound([Sample.vip(1)]))"])
    }

    @Test func manyAddressesLetTheLoopLookAtItsSocketsInBetween() {
        let vips = (1...130).map { Sample.vip($0) }
        owner.bind(vips, globalScope: true)
        #expect(bench.takeRecord() == ["flush", "bind 64", "\(Input.bound(Array(vips[0..<64])))"])
        bench.loop.advanceTime(by: .microseconds(100))
        #expect(bench.takeRecord() == ["flush", "bind 64", "\(Input.bound(Array(vips[64..<128])))"])
        bench.loop.advanceTime(by: .microseconds(100))
        #expect(bench.takeRecord() == ["flush", "bind 2", "\(Input.bound(Array(vips[128...])))"])
        bench.loop.advanceTime(by: .hours(1))
        #expect(bench.takeRecord() == [])
    }

    @Test func anAddressStaysLockedUntilItIsOffTheInterface() throws {
        func other() throws -> AddressLocks { try AddressLocks([Sample.vip(1).address], prefix: prefix) }
        try owner.hold([Sample.vip(1).address, Sample.vip(2).address])
        owner.bind([Sample.vip(1), Sample.vip(2)], globalScope: false)
        try owner.hold([Sample.vip(2).address])
        #expect(throws: AddressInUse.self) { try other() }
        owner.unbind([Sample.vip(1)])
        #expect(throws: AddressInUse.self) { try other() }
        bench.thread.work()
        bench.loop.run()
        try other().release()
        #expect(throws: AddressInUse.self) {
            try AddressLocks([Sample.vip(2).address], prefix: prefix)
        }
        owner.end()
        #expect(bench.takeRecord().last == "watch no more")
        try AddressLocks([Sample.vip(2).address], prefix: prefix).release()
    }

    @Test func whatIsBoundIsLockedWhateverSourceOfVIPsItIsFrom() throws {
        let other = try AddressLocks([Sample.vip(3).address], prefix: prefix)
        // No settings have said that these are held.
        owner.bind([Sample.vip(2), Sample.vip(3)], globalScope: false)
        let inUse = AddressInUse(address: Sample.vip(3).address, process: getpid())
        #expect(
            bench.takeRecord() == [
                "flush", "bind 1", "\(Input.bindFailed(Sample.vip(3), reason: "\(inUse)"))",
                "\(Input.bound([Sample.vip(2)]))",
            ])
        #expect(throws: AddressInUse.self) { try AddressLocks([Sample.vip(2).address], prefix: prefix) }
        // The Speaker asks again.
        other.release()
        owner.bind([Sample.vip(3)], globalScope: false)
        #expect(bench.takeRecord().last == "\(Input.bound([Sample.vip(3)]))")
        #expect(throws: AddressInUse.self) { try AddressLocks([Sample.vip(3).address], prefix: prefix) }
        // New settings without it change nothing until it is off the interface.
        try owner.hold([])
        #expect(throws: AddressInUse.self) { try AddressLocks([Sample.vip(3).address], prefix: prefix) }
        owner.unbind([Sample.vip(3)])
        bench.thread.work()
        bench.loop.run()
        try AddressLocks([Sample.vip(3).address], prefix: prefix).release()
        owner.end()
    }

    @Test func anAddressOfAnotherInstanceIsSeenWithoutTouchingAnything() throws {
        let other = try AddressLocks([Sample.vip(3).address], prefix: prefix)
        try owner.check([Sample.vip(4).address])
        #expect(throws: AddressInUse.self) { try owner.check([Sample.vip(4).address, Sample.vip(3).address]) }
        try AddressLocks([Sample.vip(4).address], prefix: prefix).release()
        other.release()
        try owner.check([Sample.vip(3).address])
    }

    @Test func aLookTellsWhatIsGoneAndWhatIsThereOnce() throws {
        bench.intend(
            Settings(
                localAS: .init(65001), routerID: .init(1),
                vips: [VIPSettings(prefix: Sample.vip(1), checks: []), VIPSettings(prefix: Sample.vip(2), checks: [])],
                checks: [], peers: []))
        _ = bench.speaker.handle(.started, at: Instant(nanoseconds: 0))
        _ = bench.speaker.handle(.bound([Sample.vip(1)]), at: Instant(nanoseconds: 0))
        try owner.hold([Sample.vip(1).address, Sample.vip(2).address])
        interface.present = [Sample.vip(2), Sample.vip(9)]
        owner.lookSoon()
        owner.lookSoon()
        #expect(bench.takeRecord() == [])
        bench.loop.run()
        #expect(
            bench.takeRecord() == [
                "look", "\(Input.vanished([Sample.vip(1)]))", "\(Input.leftoversFound([Sample.vip(2)]))",
            ])
        owner.end()
    }

    @Test func aLookThatFailsIsRepeatedUntilItSucceedsAndLoggedOnce() {
        interface.refusal = refused
        owner.lookSoon()
        bench.loop.run()
        #expect(bench.takeRecord() == ["look", "error: addresses of lo cannot be read"])
        bench.loop.advanceTime(by: VIPAddresses.rereadPause)
        #expect(bench.takeRecord() == ["look"])
        interface.refusal = nil
        bench.loop.advanceTime(by: VIPAddresses.rereadPause)
        #expect(bench.takeRecord() == ["look"])
        bench.loop.advanceTime(by: .hours(1))
        #expect(bench.takeRecord() == [])
        // An interface that is gone has no address.
        interface.refusal = .noSuchInterface(name: "lo", existing: [])
        owner.lookSoon()
        bench.loop.run()
        #expect(bench.takeRecord() == ["look"])
    }
}
