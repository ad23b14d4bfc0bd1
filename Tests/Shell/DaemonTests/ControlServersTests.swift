import ControlSocket
import Health
import IPTypes
import NIOCore
import NIOEmbedded
import Testing

@testable import Daemon

/// The control socket and the ports for metrics: which of them the daemon can do without.
struct ControlServersTests {
    private let bench = OwnerBench()
    private let answers: Answers
    private let owner: ControlServers
    private static let port = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 9179)

    private final class Answers {
        var failure: (any Error)?
    }

    init() {
        let (record, loop, answers) = (bench.record, bench.loop, Answers())
        self.answers = answers
        func open(_ name: String) -> EventLoopFuture<any Answering> {
            record.lines.append("open \(name)")
            if let failure = answers.failure { return loop.makeFailedFuture(failure) }
            return loop.makeSucceededFuture(FakeServer(record, on: loop))
        }
        owner = ControlServers(bench.link, openControl: { open($0) }, openMonitoring: { open("\($0.port)") })
    }

    private func openControl() {
        owner.openControl(at: "/run/x") { [record = bench.record] in record.lines.append("go on") }
    }

    @Test func theStartGoesOnWhenTheSocketIsThere() {
        openControl()
        #expect(bench.takeRecord() == ["open /run/x", "go on"])
        owner.closeAll()
        #expect(bench.takeRecord() == ["control socket closed"])
    }

    @Test func anotherDaemonOnTheSocketEndsTheStart() {
        answers.failure = ControlSocketError.alreadyRunning(path: "/run/x")
        openControl()
        let lines = bench.takeRecord()
        #expect(lines.count == 2)
        #expect(lines[1].hasPrefix("fail: "))
    }

    @Test func aPlaceThatAllowsNoSocketDoesNot() {
        answers.failure = ControlSocketError.system(doing: "bind", path: "/run/x", text: "Read-only file system")
        openControl()
        var lines = bench.takeRecord()
        #expect(lines.count == 3)
        #expect(lines[1].hasPrefix("notice: no control socket"))
        #expect(lines[2] == "go on")
        // By now that another daemon has it is no end either.
        answers.failure = ControlSocketError.alreadyRunning(path: "/run/x")
        bench.loop.advanceTime(by: .seconds(1))
        lines = bench.takeRecord()
        #expect(lines.count == 2)
        #expect(lines[1].hasPrefix("notice: no control socket"))
        answers.failure = nil
        bench.loop.advanceTime(by: .seconds(1))
        #expect(bench.takeRecord() == ["open /run/x", "info: the control socket is open now"])
    }

    @Test func aPortIsOpenedOnceAndClosedWhenItIsNotWanted() {
        owner.openMonitoring(at: Self.port)
        owner.openMonitoring(at: Self.port)
        #expect(bench.takeRecord() == ["open 9179"])
        owner.keepMonitoring(at: [Self.port])
        #expect(bench.takeRecord() == [])
        owner.keepMonitoring(at: [])
        #expect(bench.takeRecord() == ["control socket closed"])
    }

    @Test func aPortThatIsTakenEndsNothing() {
        answers.failure = ControlSocketError.unusablePath("")
        owner.openMonitoring(at: Self.port)
        #expect(
            bench.takeRecord().last
                == "warning: metrics and health cannot be served, trying again each second; --metrics and --health set another port"
        )
        answers.failure = nil
        bench.loop.advanceTime(by: .seconds(1))
        #expect(bench.takeRecord() == ["open 9179", "info: metrics and health are served now"])
    }
}
