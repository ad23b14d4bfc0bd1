import BFD
import BGPWire
import IPTypes
import NIOCore
import NIOEmbedded
import Settings
import SpeakerCore
import Testing

@testable import BFDTransport
@testable import Daemon
@testable import Netlink

/// The sockets of BFD: whom packets are taken from, where they leave from, and what follows when they cannot.
struct BFDEndpointsTests {
    private let bench = OwnerBench()
    private let kernel: Kernel
    private let owner: BFDEndpoints

    private final class Receiver: BFDReceiving, @unchecked Sendable {
        var isOpen = true
        var hasWaiting = false
        let tell: BFDKernel.EventHandler
        private let record: Record

        init(_ record: Record, tell: @escaping BFDKernel.EventHandler) {
            self.record = record
            self.tell = tell
        }

        func receive(from peers: [ScopedAddress]) throws(BFDSocketFailure) { record.lines.append("from \(peers)") }
        func close() { record.lines.append("receiver closed") }
    }

    private final class Sender: BFDSending {
        let sourcePort: UInt16
        let remote: ScopedAddress
        private let kernel: Kernel

        init(_ kernel: Kernel, to remote: ScopedAddress, from port: UInt16) {
            self.kernel = kernel
            self.remote = remote
            sourcePort = port
        }

        func send(_ packet: BFDPacket) throws(BFDSocketFailure) {
            kernel.record.lines.append("\(packet.state) to \(remote)")
            if let failure = kernel.sendFailure { throw failure }
        }

        func close() { kernel.record.lines.append("sender closed") }
    }

    private final class Kernel: @unchecked Sendable {
        let record: Record
        var receivers: [Receiver] = []
        var receiveFailure: BFDSocketFailure?
        var sendFailure: BFDSocketFailure?
        var router = LinkRouter.unknown

        init(_ record: Record) {
            self.record = record
        }

        var kernel: BFDKernel {
            BFDKernel(
                receive: { [self] kind, peers, _, tell in
                    record.lines.append("receive \(kind.isMultihop ? "multihop" : "direct") \(peers)")
                    if let receiveFailure { throw receiveFailure }
                    receivers.append(Receiver(record, tell: tell))
                    return receivers[receivers.count - 1]
                },
                send: { [self] endpoint, preferred, taken throws(BFDSocketFailure) in
                    let source = endpoint.source.map { "\($0)" } ?? "any"
                    record.lines.append("open from \(source) port \(preferred ?? 0), not \(taken.sorted())")
                    return Sender(self, to: endpoint.remote, from: preferred ?? UInt16(50_000 + taken.count))
                },
                schedule: { [record] in
                    record.lines.append("schedule")
                    return .granted
                }, giveWay: { .spent }, router: { [self] _, _ throws(NetlinkError) in router },
                solicit: { [self] _, candidates in
                    record.lines.append("solicit \(candidates.count)")
                    return nil
                })
        }
    }

    init() {
        kernel = Kernel(bench.record)
        owner = BFDEndpoints(bench.link, kernel: kernel.kernel)
    }

    private static let second = ScopedAddress(.v4(IPv4Address(0x0A00_0101)))

    private func run(_ peer: ScopedAddress, distance: PeerSettings.Distance = .direct) {
        let settings = PeerSettings(address: peer, peerAS: .external, distance: distance, bfd: BFDSettings())
        if let path = BFDPath(settings) { owner.run(by: path) }
    }

    private static func packet(_ state: BFDState) -> BFDPacket {
        BFDPacket(
            state: state, multiplier: 3, myDiscriminator: 1, yourDiscriminator: 0, desiredMinTx: 50_000,
            requiredMinRx: 50_000)
    }

    @Test func oneSocketReceivesForAllPeersOfAKind() {
        run(Sample.tor)
        run(Self.second)
        #expect(
            bench.takeRecord() == [
                "schedule", "info: BFD runs with real-time scheduling", "receive direct [10.0.0.1]",
                "from [10.0.0.1, 10.0.1.1]",
            ])
        owner.end(with: Sample.tor)
        #expect(bench.takeRecord() == ["from [10.0.1.1]"])
        owner.end(with: Self.second)
        #expect(bench.takeRecord() == ["receiver closed"])
    }

    @Test func realTimePriorityThatIsSpentComesBackLater() {
        owner.giveWay()
        #expect(bench.takeRecord() == [])
        run(Sample.tor)
        _ = bench.takeRecord()
        for _ in 0..<2 { owner.giveWay() }
        #expect(owner.scheduling == .spent)
        #expect(
            bench.takeRecord() == [
                "warning: the daemon was busy without a pause; "
                    + "BFD runs with \(RealTime.spent) for 10 s"
            ])
        bench.loop.advanceTime(by: .milliseconds(9_999))
        #expect(bench.takeRecord() == [])
        bench.loop.advanceTime(by: .milliseconds(1))
        #expect(bench.takeRecord() == ["schedule"])
        #expect(owner.scheduling == .granted)
    }

    @Test func aPeerThatIsReachedOtherwiseKeepsNoOldSocket() {
        run(Sample.tor)
        _ = bench.takeRecord()
        run(Sample.tor, distance: .multihop(3))
        #expect(bench.takeRecord() == ["receive multihop [10.0.0.1]", "receiver closed"])
    }

    @Test func whatWasSentByTCPLeavesBeforeAPacket() {
        run(Sample.tor)
        _ = bench.takeRecord()
        owner.send(Self.packet(.down), to: Sample.tor)
        owner.send(Self.packet(.up), to: Sample.tor)
        #expect(
            bench.takeRecord() == [
                "flush", "open from any port 0, not []", "Down to 10.0.0.1", "flush", "Up to 10.0.0.1",
            ])
    }

    @Test func aSessionKeepsItsSourcePortWhenItsAddressChanges() {
        run(Sample.tor)
        run(Self.second)
        owner.send(Self.packet(.down), to: Sample.tor)
        owner.send(Self.packet(.down), to: Self.second)
        _ = bench.takeRecord()
        owner.follow(local: .v4(IPv4Address(0x0A00_0002)), of: Sample.tor)
        owner.follow(local: .v4(IPv4Address(0x0A00_0002)), of: Sample.tor)
        owner.send(Self.packet(.up), to: Sample.tor)
        #expect(
            bench.takeRecord() == [
                "sender closed", "flush", "open from 10.0.0.2 port 50000, not [50001]", "Up to 10.0.0.1",
            ])
    }

    @Test func aPacketThatCannotBeSentIsLoggedOnceAndTheNextHasANewSocket() {
        run(Sample.tor)
        owner.send(Self.packet(.down), to: Sample.tor)
        _ = bench.takeRecord()
        // The next packet may go again, from the same socket.
        kernel.sendFailure = BFDSocketFailure("cannot send", "sendto", errno: 11)
        owner.send(Self.packet(.down), to: Sample.tor)
        #expect(bench.takeRecord() == ["flush", "Down to 10.0.0.1"])
        kernel.sendFailure = BFDSocketFailure("cannot send", "sendto", errno: 101)
        for log in [["warning: BFD packets cannot be sent"], []] {
            owner.send(Self.packet(.down), to: Sample.tor)
            let lines = bench.takeRecord()
            #expect(lines.suffix(1 + log.count) == ["sender closed"] + log)
        }
        kernel.sendFailure = nil
        owner.send(Self.packet(.down), to: Sample.tor)
        #expect(bench.takeRecord().suffix(2) == ["Down to 10.0.0.1", "info: BFD packets can be sent again"])
    }

    @Test func aPortThatIsTakenEndsAStartAndIsTriedAgainLater() {
        kernel.receiveFailure = BFDSocketFailure("cannot receive", "bind", errno: 98)
        run(Sample.tor)
        #expect(bench.takeRecord().last?.hasPrefix("fail: ") == true)
        owner.end(with: Sample.tor)
        bench.link.isServing = true
        run(Sample.tor)
        #expect(bench.takeRecord().last == "error: BFD cannot receive, trying again each second")
        kernel.receiveFailure = nil
        bench.loop.advanceTime(by: .seconds(1))
        #expect(bench.takeRecord() == ["receive direct [10.0.0.1]", "info: BFD can receive now"])
    }

    @Test func aSocketThatBreaksIsOpenedAgain() {
        run(Sample.tor)
        _ = bench.takeRecord()
        #expect(!owner.hasUnread)
        kernel.receivers[0].hasWaiting = true
        #expect(owner.hasUnread)
        kernel.receivers[0].isOpen = false
        kernel.receivers[0].tell(.ended(reason: "gone"))
        #expect(bench.takeRecord() == ["error: BFD cannot receive any more; trying again"])
        bench.loop.advanceTime(by: .seconds(1))
        #expect(bench.takeRecord() == ["receive direct [10.0.0.1]"])
    }

    @Test func theRouterOnALinkIsLookedForUntilTheSessionIsUp() {
        let peer = ScopedAddress.unnumbered("eth0")
        run(peer)
        _ = bench.takeRecord()
        owner.send(Self.packet(.down), to: peer)
        #expect(bench.takeRecord() == ["flush", "solicit 0"])
        kernel.router = .found(IPv6Address(high: 0xFE80 << 48, low: 1))
        owner.send(Self.packet(.down), to: peer)
        #expect(bench.takeRecord() == ["flush", "open from any port 0, not []", "Down to fe80::1%eth0"])
        // Another one by now.
        kernel.router = .found(IPv6Address(high: 0xFE80 << 48, low: 2))
        owner.send(Self.packet(.up), to: peer)
        #expect(bench.takeRecord() == ["flush", "Up to fe80::1%eth0"])
        owner.send(Self.packet(.down), to: peer)
        #expect(
            bench.takeRecord() == [
                "flush", "sender closed", "open from any port 50000, not []", "Down to fe80::2%eth0",
            ])
    }
}
