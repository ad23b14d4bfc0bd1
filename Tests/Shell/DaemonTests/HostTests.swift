import BGPWire
import ControlSocket
import Health
import HealthProbes
import IPTypes
import NIOCore
import NIOEmbedded
import Netlink
import Settings
import SpeakerCore
import Testing

@testable import Confinement
@testable import Daemon

/// The whole daemon on a machine of tests: what comes before what, from the socket of one owner to that of another.
@Suite(.timeLimit(.minutes(1))) struct HostTests {
    private let bench = HostBench()

    @Test func theStartOpensTheControlSocketFirstAndDialsLast() async throws {
        try await bench.start()
        #expect(try await bench.takeRecord() == ["control socket", "look", "api probe", "dial 10.0.0.1"])
    }

    @Test func aVIPIsBoundBeforeItIsAdvertised() async throws {
        try await bench.start()
        _ = try await bench.takeRecord()
        try await bench.enterService()
        let lines = try await bench.takeRecord()
        #expect(
            lines == [
                "bind 1", "out0 send OPEN", "out0 flush", "out0 send KEEPALIVE", "out0 flush", "out0 send UPDATE",
                "out0 send UPDATE", "out0 flush", "end toOtherNodes 1",
            ])
    }

    @Test func aWithdrawalIsWithTheKernelBeforeTheAddressIsTakenOff() async throws {
        try await bench.start()
        try await bench.enterService()
        // The next probe begins.
        await bench.loop.advanceTime(by: .seconds(1))
        _ = try await bench.takeRecord()
        let refused = ProbeEvent.outcome(.failed(reason: "refused", definitive: true), took: .zero)
        try await bench.onLoop { [bench] in bench.probed?(refused) }
        let withdrawal = try await bench.takeRecord()
        #expect(withdrawal == ["out0 send UPDATE", "out0 flush"])
        try await bench.work()
        let unbinding = try await bench.takeRecord()
        #expect(unbinding == ["end fromRemote 1", "unbind 1"])
    }

    @Test func theHeapIsGivenBackAfterTheStartAndWhenItHasGrown() async throws {
        try await bench.start()
        // Once because of the start, and once because of the growth.
        #expect(try await heapReturns(in: .seconds(10), resident: 4) == 2)
        // All of it was in use.
        #expect(try await heapReturns(in: .seconds(20), resident: 4) == 1)
        #expect(try await heapReturns(in: .seconds(60), resident: 1) == 0)
        #expect(try await heapReturns(in: .seconds(10), resident: 4) == 1)
    }

    /// How often the heap is given back in this time, in which so many MiB are resident.
    private func heapReturns(in time: TimeAmount, resident: Int) async throws -> Int {
        try await bench.onLoop { [bench] in bench.ownMemory = resident << 20 }
        await bench.loop.advanceTime(by: time)
        return try await bench.takeRecord().count { $0 == "give back heap" }
    }

    @Test func theExitWaitsForTheConnectionToClose() async throws {
        try await bench.start()
        try await bench.enterService()
        _ = try await bench.takeRecord()
        try await bench.onLoop { [bench] in bench.signal?(2) }
        try await bench.onLoop { [bench] in bench.peers.dialled[0].whenAcknowledged?(true) }
        try await bench.work()
        #expect(
            try await bench.takeRecord() == [
                "out0 send UPDATE", "out0 await 1.0 seconds", "out0 flush", "out0 send NOTIFICATION", "out0 close",
                "out0 flush", "end fromRemote 1", "unbind 1",
            ])
        #expect(bench.exitStatus == nil)
        try await bench.onLoop { [bench] in bench.peers.dialled[0].end() }
        #expect(bench.exitStatus == 0)
        #expect(
            try await bench.takeRecord() == [
                "api stop", "control socket closed", "end fromVIP 1", "watch no more",
            ])
    }

    @Test func theExitDoesNotWaitForEver() async throws {
        try await bench.start()
        try await bench.enterService()
        try await bench.onLoop { [bench] in bench.signal?(2) }
        try await bench.onLoop { [bench] in bench.peers.dialled[0].whenAcknowledged?(true) }
        try await bench.work()
        await bench.loop.advanceTime(by: .milliseconds(999))
        #expect(bench.exitStatus == nil)
        await bench.loop.advanceTime(by: .milliseconds(1))
        #expect(bench.exitStatus == 0)
    }

    @Test func whoWaitsForADrainIsAnsweredWhenItIsOver() async throws {
        try await bench.start()
        try await bench.enterService()
        let answers = Record()
        let reply: @Sendable (ControlResponse) -> Void = { _ in answers.lines.append("answered") }
        try await bench.onLoop { [bench] in bench.ask?(.drain(reason: nil, wait: true), reply) }
        try await bench.onLoop { [bench] in bench.ask?(.drain(reason: nil, wait: true), reply) }
        #expect(answers.lines == [])
        try await bench.onLoop { [bench] in bench.peers.dialled[0].whenAcknowledged?(true) }
        #expect(answers.lines == [])
        await bench.loop.advanceTime(by: .milliseconds(200))
        #expect(answers.lines == ["answered", "answered"])
        // The node is out of service.
        try await bench.onLoop { [bench] in bench.ask?(.drain(reason: nil, wait: true), reply) }
        #expect(answers.lines.count == 3)
    }

    @Test func whoWaitsForADrainOfAVIPIsAnsweredWhenThatIsCalledOff() async throws {
        try await bench.start()
        try await bench.enterService()
        let answers = Record()
        let request = ControlRequest.drain(reason: nil, wait: true, vip: Sample.vip(1))
        try await bench.onLoop { [bench] in bench.ask?(request) { _ in answers.lines.append("answered") } }
        #expect(answers.lines == [])
        try await bench.onLoop { [bench] in bench.ask?(.undrain(vip: Sample.vip(1))) { _ in } }
        #expect(answers.lines == ["answered"])
    }

    @Test func aReloadThatNeedsWhatWasGivenUpChangesNothing() async throws {
        let lost = Rights(capabilities: [.sysNice], runsPrograms: true)
        try await bench.start(confinement: Confinement(lost: lost, notices: []))
        let answers = Record()
        func reload(isDryRun: Bool = false, _ adapt: (inout Settings) -> Void) async throws -> [String] {
            var settings = HostBench.settings
            adapt(&settings)
            bench.reloaded = settings
            try await bench.onLoop { [bench] in
                bench.host?.reload(isDryRun: isDryRun) { answers.lines += ["\($0.outcome)"] + $0.errors + $0.notices }
            }
            try await bench.work()
            defer { answers.lines = [] }
            return answers.lines
        }
        let refused = try await reload {
            $0.checks[0].kind = .exec(["/bin/true"])
            $0.peers = []
        }
        #expect(
            refused == [
                "invalid",
                "error: check api needs the right to run a program, which this process gave up at its start: restart bgpvip",
            ])
        let accepted = try await reload(isDryRun: true) { $0.peers[0].bfd = BFDSettings() }
        #expect(
            accepted == [
                "changed",
                "BFD runs with ordinary scheduling until bgpvip is restarted: CAP_SYS_NICE was given up at the start",
            ])
        #expect(bench.host?.speaker.settings.peers.count == 1)
    }

    @Test func anAddressThatIsGoneIsPutBack() async throws {
        try await bench.start()
        try await bench.enterService()
        _ = try await bench.takeRecord()
        let gone = InterfaceAddress(
            address: Sample.vip(1).address, prefixLength: 32, interfaceIndex: 1, scope: .host)
        try await bench.onLoop { [bench] in
            bench.interface.present = []
            bench.interface.onChange?(.removed(gone))
        }
        #expect(try await bench.takeRecord() == ["look", "bind 1"])
        // An address that is no VIP is no news.
        var other = gone
        other.address = Sample.vip(9).address
        try await bench.onLoop { [bench, other] in bench.interface.onChange?(.removed(other)) }
        #expect(try await bench.takeRecord() == [])
    }

    @Test(arguments: [(ControlRequest.metrics, 28, "bgpvip_vip_bound"), (.page, 1, "<p>and 4800 more</p>")])
    func whatIsMuchIsMadeInSeveralTurnsOfTheLoop(request: ControlRequest, pauses: Int, part: String) async throws {
        try await bench.start { settings in
            settings.vips = (1...5000).map { VIPSettings(prefix: Sample.vip($0), checks: ["api"]) }
        }
        let answers = Record()
        try await bench.onLoop { [bench] in bench.ask?(request) { answers.lines.append($0.body) } }
        try await bench.work()
        var turns = 1
        while answers.lines.isEmpty, turns < 100 {
            await bench.loop.advanceTime(by: SpeakerHost.pagePause)
            try await bench.work()
            turns += 1
        }
        #expect(turns == pauses)
        #expect(answers.lines.count == 1 && answers.lines[0].contains(part))
    }

    @Test func aListenerWhoseAddressComesLaterIsOpenedThen() async throws {
        let port = bench.port
        bench.port = nil
        try await bench.start { settings in
            settings.listen = ListenSettings(addresses: [.v4(IPv4Address(0x0A00_0002))], port: 179)
        }
        #expect(try await bench.takeRecord().filter { $0.hasPrefix("listen") } == ["listen on 10.0.0.2"])
        bench.port = port
        for expected in [["listen on 10.0.0.2"], []] {
            await bench.loop.advanceTime(by: .seconds(1))
            #expect(try await bench.takeRecord().filter { $0.hasPrefix("listen") } == expected)
        }
    }

    @Test func whatTheKernelRefusesIsTriedAgainWithoutLosingTheOrder() async throws {
        try await bench.start()
        bench.interface.refusal = .refused(operation: "adding", code: 1, kernelText: nil)
        try await bench.enterService()
        try await bench.onLoop { [bench] in bench.interface.refusal = nil }
        _ = try await bench.takeRecord()
        await bench.loop.advanceTime(by: .seconds(1))
        let lines = try await bench.takeRecord()
        let bound = try #require(lines.firstIndex(of: "bind 1"))
        #expect(lines[bound...].contains("out0 send UPDATE"))
        #expect(!lines[..<bound].contains("out0 send UPDATE"))
    }
}
