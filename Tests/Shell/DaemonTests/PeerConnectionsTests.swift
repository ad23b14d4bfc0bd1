import BGPFSM
import BGPTransport
import BGPWire
import IPTypes
import NIOCore
import NIOEmbedded
import Settings
import SpeakerCore
import Testing

@testable import Daemon
@testable import Netlink

/// The connections with peers: dials, the order of what is written and closed, and who may dial us.
struct PeerConnectionsTests {
    private let bench = OwnerBench()
    private let kernel: FakePeerKernel
    private let owner: PeerConnections
    private static let endpoints = Endpoints(
        local: .v4(IPv4Address(0x0A00_0002)), remote: .v4(IPv4Address(0x0A00_0001)))

    init() {
        kernel = FakePeerKernel(bench.record)
        let record = bench.record
        owner = PeerConnections(
            bench.link, kernel: kernel.kernel, thread: bench.thread,
            onLocalAddress: { address, _ in record.lines.append("local \(address)") },
            onClosed: { record.lines.append("all closed") })
        owner.reach(by: Self.transport())
    }

    private static func transport(
        to peer: ScopedAddress = Sample.tor, password: String? = nil, sendHoldTime: Duration? = nil
    ) -> PeerTransport {
        PeerTransport(
            PeerSettings(
                address: peer, peerAS: .external, password: password.map { Secret($0) }, sendHoldTime: sendHoldTime),
            localAS: ASNumber(65001))
    }

    /// Dials, and waits for the answer of the thread.
    private func dial(_ peer: ScopedAddress = Sample.tor) {
        owner.perform(.connect, for: peer)
        bench.thread.work()
        bench.loop.run()
    }

    /// The line of an input.
    private func session(_ event: PeerSession.Event, of peer: ScopedAddress = Sample.tor) -> String {
        "\(Input.session(peer, event))"
    }

    @Test func aDialComesAfterTheQuestionWhoElseHasThePeer() {
        owner.perform(.connect, for: Sample.tor)
        #expect(bench.takeRecord() == [])
        bench.thread.work()
        bench.loop.run()
        #expect(bench.takeRecord() == ["dial 10.0.0.1"])
        kernel.dialled[0].happen(.connected(Self.endpoints))
        #expect(bench.takeRecord() == ["local 10.0.0.2", session(.tcpConnected(.outgoing, Self.endpoints))])
    }

    @Test func aPeerOfAnotherProcessIsNotDialled() {
        kernel.other = .success("bird (pid 7)")
        dial()
        #expect(bench.takeRecord() == [session(.tcpFailed(.outgoing, .inUse(by: "bird (pid 7)")))])
    }

    @Test func aKernelThatCannotTellHoldsNoDialUp() {
        kernel.other = .failure(NetlinkError.noAnswer(operation: "asking"))
        dial()
        #expect(bench.takeRecord() == ["dial 10.0.0.1"])
    }

    @Test func aDialThatWasCalledOffIsNotMade() {
        owner.perform(.connect, for: Sample.tor)
        owner.perform(.close(.outgoing), for: Sample.tor)
        bench.thread.work()
        bench.loop.run()
        #expect(bench.takeRecord() == [])
    }

    @Test func aFailedDialIsExplainedByTheKernelsTables() {
        dial()
        _ = bench.takeRecord()
        kernel.dialled[0].happen(.unanswered)
        #expect(bench.takeRecord() == ["ask for 10.0.0.1"])
        kernel.dialled[0].happen(.ended(.timedOut(md5: false, onLink: nil)))
        #expect(
            bench.takeRecord() == [
                "path to 10.0.0.1", session(.tcpFailed(.outgoing, .timedOut(md5: false, onLink: false))),
            ])
        // It is over.
        kernel.dialled[0].happen(.received(.keepalive))
        #expect(bench.takeRecord() == [])
    }

    @Test func whatIsSentTogetherLeavesTogether() {
        dial()
        _ = bench.takeRecord()
        owner.perform(.send(.keepalive, .outgoing), for: Sample.tor)
        #expect(bench.takeRecord() == ["out0 send KEEPALIVE"])
        #expect(!owner.flush())
        #expect(bench.takeRecord() == ["out0 flush"])
        owner.perform(.send(.update(Update(withdrawn: [Sample.vip(1)])), .outgoing), for: Sample.tor)
        #expect(owner.flush())
        #expect(!owner.flush())
        #expect(bench.takeRecord() == ["out0 send UPDATE", "out0 flush"])
    }

    @Test func anExitCanWaitForConnectionsThatClose() {
        dial()
        _ = bench.takeRecord()
        owner.perform(.send(.notification(Notification(code: 6, subcode: 2)), .outgoing), for: Sample.tor)
        owner.perform(.close(.outgoing), for: Sample.tor)
        #expect(owner.closing == 1)
        #expect(bench.takeRecord() == ["out0 send NOTIFICATION", "out0 close"])
        // What the session does not have any more is not its.
        kernel.dialled[0].happen(.received(.keepalive))
        #expect(bench.takeRecord() == [])
        kernel.dialled[0].end()
        #expect(owner.closing == 0)
        #expect(bench.takeRecord() == ["\(Input.connectionClosed(Sample.tor))", "all closed"])
    }

    @Test func aPeerCannotMakeUsKeepMoreThanEightConnectionsThatClose() {
        for _ in 0..<9 {
            dial()
            owner.perform(.close(.outgoing), for: Sample.tor)
        }
        #expect(bench.takeRecord().suffix(3) == ["dial 10.0.0.1", "out8 close", "out0 abort"])
        #expect(owner.closing == 9)
    }

    @Test func anAcknowledgementIsAnsweredForWhatIsAwaited() {
        dial()
        _ = bench.takeRecord()
        owner.awaitAcknowledgement(of: Sample.tor, on: .outgoing, round: 3, within: .seconds(1))
        #expect(bench.takeRecord() == ["out0 await 1.0 seconds"])
        kernel.dialled[0].whenAcknowledged?(true)
        #expect(bench.takeRecord() == ["\(Input.acknowledged(Sample.tor, round: 3, true))"])
        owner.awaitAcknowledgement(of: Sample.tor, on: nil, round: 4, within: .seconds(1))
        #expect(bench.takeRecord() == ["\(Input.acknowledged(Sample.tor, round: 4, false))"])
    }

    @Test func anotherKeyAndTimeoutHoldForConnectionsThatAreOpen() {
        dial()
        _ = bench.takeRecord()
        owner.reach(by: Self.transport(password: "new"))
        #expect(bench.takeRecord() == ["out0 key new"])
        owner.reach(by: Self.transport(sendHoldTime: .seconds(7)))
        #expect(bench.takeRecord() == ["out0 key none", "out0 timeout 7.0 seconds"])
        #expect(kernel.dialled[0].endpoint?.md5Key == nil)
        owner.perform(.close(.outgoing), for: Sample.tor)
        owner.reach(by: Self.transport(password: "old"))
        dial()
        #expect(kernel.dialled[1].endpoint?.md5Key == Array("old".utf8))
    }

    @Test func aStrangerIsRejectedAndSoIsASecondCandidate() {
        owner.accepted(FakePeerLink("stranger", to: ScopedAddress(.v4(IPv4Address(9))), bench.record))
        #expect(bench.takeRecord() == ["stranger reject"])
        // The session has an incoming connection; a further one waits for its decision.
        let first = FakePeerLink("in0", to: Sample.tor, bench.record)
        owner.accepted(first)
        first.happen(.connected(Self.endpoints))
        #expect(
            bench.takeRecord()
                == ["in0 adopt", "local 10.0.0.2", session(.tcpConnected(.incoming, Self.endpoints))])
        owner.perform(.send(.keepalive, .incoming), for: Sample.tor)
        #expect(bench.takeRecord() == ["in0 send KEEPALIVE"])
    }

    @Test func aConnectionThatTheSessionRejectsIsToldWhyAndClosed() {
        bench.onInput = { [owner] input in
            guard case .session(_, .tcpConnected(.incoming, _)) = input else { return }
            owner.perform(.rejectIncoming(Notification(code: 6, subcode: 7)), for: Sample.tor)
        }
        let incoming = FakePeerLink("in0", to: Sample.tor, bench.record)
        owner.accepted(incoming)
        incoming.happen(.connected(Self.endpoints))
        #expect(
            bench.takeRecord() == [
                "in0 adopt", "local 10.0.0.2", session(.tcpConnected(.incoming, Self.endpoints)),
                "in0 send NOTIFICATION", "in0 close",
            ])
        // It has not become the session's.
        owner.perform(.send(.keepalive, .incoming), for: Sample.tor)
        #expect(bench.takeRecord() == [])
    }
}

/// Unnumbered peers: whoever is the router on the link is dialled.
struct UnnumberedDialTests {
    private let bench = OwnerBench()
    private let kernel: FakePeerKernel
    private let owner: PeerConnections
    private static let peer = ScopedAddress.unnumbered("eth0")
    private static let router = IPv6Address(high: 0xFE80 << 48, low: 1)

    init() {
        kernel = FakePeerKernel(bench.record)
        owner = PeerConnections(
            bench.link, kernel: kernel.kernel, thread: bench.thread, onLocalAddress: { _, _ in }, onClosed: {})
        owner.reach(
            by: PeerTransport(PeerSettings(address: Self.peer, peerAS: .external), localAS: ASNumber(65001)))
    }

    private func failed(_ failure: TransportFailure) -> String {
        "\(Input.session(Self.peer, .tcpFailed(.outgoing, failure)))"
    }

    @Test func theRouterIsDialledAtItsAddress() {
        kernel.router = .found(Self.router)
        owner.perform(.connect, for: Self.peer)
        bench.thread.work()
        bench.loop.run()
        #expect(bench.takeRecord() == ["dial fe80::1%eth0"])
    }

    @Test func hostsAreAskedAndLookedForAMomentLater() {
        kernel.isAsked = true
        owner.perform(.connect, for: Self.peer)
        #expect(bench.takeRecord() == ["solicit 0"])
        kernel.router = .found(Self.router)
        bench.loop.advanceTime(by: .milliseconds(299))
        bench.thread.work()
        #expect(bench.takeRecord() == [])
        bench.loop.advanceTime(by: .milliseconds(1))
        bench.thread.work()
        bench.loop.run()
        #expect(bench.takeRecord() == ["dial fe80::1%eth0"])
    }

    @Test func aLinkWithoutARouterIsAFailureOfTheDial() {
        owner.perform(.connect, for: Self.peer)
        #expect(bench.takeRecord() == ["solicit 0", failed(.noNeighbour(interface: "eth0"))])
    }

    @Test func aSearchThatIsCalledOffDialsNobody() {
        kernel.isAsked = true
        owner.perform(.connect, for: Self.peer)
        owner.perform(.close(.outgoing), for: Self.peer)
        kernel.router = .found(Self.router)
        bench.loop.advanceTime(by: .hours(1))
        bench.thread.work()
        bench.loop.run()
        #expect(bench.takeRecord() == ["solicit 0"])
    }
}
