import BGPFSM
import IPTypes
import NIOCore
import NIOEmbedded
import Settings
import Testing

@testable import BGPTransport
@testable import Daemon
@testable import SpeakerCore

/// A port of tests, which writes down what it is asked.
final class FakePort: ListeningPort, @unchecked Sendable {
    let interfaceIndex: UInt32?
    private let record: Record

    init(_ record: Record, interfaceIndex: UInt32?) {
        self.record = record
        self.interfaceIndex = interfaceIndex
    }

    func setMD5Key(_ key: [UInt8]?, for peer: IPAddress) throws(TransportFailure) {
        record.lines.append("key of \(peer): \(key.map { String(decoding: $0, as: UTF8.self) } ?? "none")")
    }

    func setLinkLocalKey(_ key: [UInt8]?) throws(TransportFailure) { record.lines.append("link-local key") }
    func leaveRoom() { record.lines.append("leave room") }
    func close() { record.lines.append("close") }
}

/// The listening sockets: keys that change, and interfaces that come and go.
struct ListenersTests {
    private let bench = OwnerBench()
    private let node: Node
    private let owner: Listeners

    /// What this node lets us have.
    private final class Node {
        var failure: TransportFailure?
        var interfaceIndex: UInt32 = 5
    }

    init() {
        let (record, node) = (bench.record, Node())
        self.node = node
        owner = Listeners(
            bench.link,
            open: { listener throws(ListenFailure) in
                record.lines.append("listen on \(listener.id.address)")
                if let cause = node.failure {
                    throw ListenFailure(
                        address: ScopedAddress(listener.id.address), port: listener.id.port, cause: cause)
                }
                return FakePort(record, interfaceIndex: listener.id.interface.map { _ in node.interfaceIndex })
            }, indexOfInterface: { _ in node.interfaceIndex })
    }

    private static let address = IPAddress.v4(IPv4Address(0x0A00_0002))

    private static func listener(keys: [IPAddress: Secret] = [:], interface: String? = nil) -> Listener {
        Listener(
            id: .init(address: address, port: 179, interface: interface), keys: keys, linkLocalKey: nil,
            leavesRoom: false)
    }

    @Test func onlyKeysThatDifferAreSet() {
        let (one, two) = (IPAddress.v4(IPv4Address(1)), IPAddress.v4(IPv4Address(2)))
        owner.listen(as: Self.listener(keys: [one: Secret("a"), two: Secret("b")]))
        #expect(bench.takeRecord() == ["listen on 10.0.0.2"])
        owner.listen(as: Self.listener(keys: [two: Secret("c")]))
        #expect(bench.takeRecord() == ["key of 0.0.0.1: none", "key of 0.0.0.2: c"])
        owner.listen(as: Self.listener(keys: [two: Secret("c")]))
        #expect(bench.takeRecord() == [])
        owner.close(Self.listener().id)
        #expect(bench.takeRecord() == ["close"])
    }

    @Test func anAddressThatMayComeIsTriedAgain() {
        node.failure = .sourceUnavailable
        owner.listen(as: Self.listener())
        #expect(
            bench.takeRecord()
                == ["listen on 10.0.0.2", "warning: incoming sessions cannot be accepted, trying again each second"])
        bench.loop.advanceTime(by: .seconds(1))
        #expect(bench.takeRecord() == ["listen on 10.0.0.2"])
        node.failure = nil
        bench.loop.advanceTime(by: .seconds(1))
        #expect(bench.takeRecord() == ["listen on 10.0.0.2", "info: incoming sessions are accepted now"])
    }

    @Test func aPortThatIsNotPermittedEndsAStartAndNothingElse() {
        node.failure = .system(errno: 13, operation: "bind")
        owner.listen(as: Self.listener())
        #expect(bench.takeRecord().last?.hasPrefix("fail: ") == true)
        owner.close(Self.listener().id)
        bench.link.isServing = true
        owner.listen(as: Self.listener())
        #expect(
            bench.takeRecord().last == "warning: incoming sessions cannot be accepted, trying again each second")
    }

    @Test func anInterfaceThatWasMadeAnewNeedsANewSocket() {
        owner.listen(as: Self.listener())
        owner.listen(as: Self.listener(interface: "eth0"))
        _ = bench.takeRecord()
        owner.linksChanged("eth0")
        owner.linksChanged("eth1")
        owner.linksChanged(nil)
        #expect(bench.takeRecord() == [])
        node.interfaceIndex = 6
        owner.linksChanged("eth1")
        #expect(bench.takeRecord() == [])
        owner.linksChanged("eth0")
        #expect(bench.takeRecord() == ["close", "listen on 10.0.0.2"])
        owner.closeAll()
        #expect(bench.takeRecord() == ["close", "close"])
    }

    @Test func anInterfaceThatComesIsNotWaitedFor() {
        node.failure = .sourceUnavailable
        owner.listen(as: Self.listener(interface: "eth0"))
        _ = bench.takeRecord()
        node.failure = nil
        owner.linksChanged("eth0")
        #expect(bench.takeRecord() == ["listen on 10.0.0.2", "info: incoming sessions are accepted now"])
    }
}
