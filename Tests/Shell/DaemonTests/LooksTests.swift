import BGPWire
import Deadlines
import IPTypes
import Intent
import NIOCore
import NIOEmbedded
import Settings
import SpeakerCore
import ShellSystem
import Testing

@testable import Daemon
@testable import Netlink

/// What is looked at and watched, with the answers that a test gives.
private final class Answers: @unchecked Sendable {
    var local: Result<Set<IPAddress>, NetlinkError> = .success([])
    var network: Result<NodeIntent.Network, NetlinkError> = .success(NodeIntent.Network())
    var file: Result<DrainFile, DrainFile.Unknown> = .success(.absent)
    var routesChange: (@Sendable () -> Void)?
    var fileMayHaveChanged: (@Sendable () -> Void)?
    var cannotWatch: (@Sendable (String) -> Void)?
}

/// Which addresses that are left to others are local.
struct LocalityLooksTests {
    private let bench = OwnerBench()
    private let answers = Answers()
    private let owner: LocalityLooks

    init() {
        let (record, answers) = (bench.record, answers)
        owner = LocalityLooks(bench.link, thread: bench.thread) { asked in
            record.lines.append("ask \(asked.count)")
            return answers.local
        }
    }

    private func answer() -> [String] {
        bench.thread.work()
        bench.loop.run()
        return bench.takeRecord()
    }

    @Test func theFirstAnswerIsToldForAllAndThenWhatChanges() {
        answers.local = .success([Sample.vip(1).address])
        owner.follow([Sample.vip(1), Sample.vip(2)])
        #expect(
            answer() == [
                "ask 2", "\(Input.localityFound([Sample.vip(2)], isLocal: false))",
                "\(Input.localityFound([Sample.vip(1)], isLocal: true))",
            ])
        bench.loop.advanceTime(by: .seconds(1))
        #expect(answer() == ["ask 2"])
        answers.local = .success([Sample.vip(2).address])
        owner.addressChanged(Sample.vip(9).address)
        #expect(answer() == [])
        owner.addressChanged(Sample.vip(2).address)
        #expect(
            answer() == [
                "ask 2", "\(Input.localityFound([Sample.vip(1)], isLocal: false))",
                "\(Input.localityFound([Sample.vip(2)], isLocal: true))",
            ])
    }

    @Test func whatChangesDuringAQuestionIsAskedAboutAgain() {
        owner.follow([Sample.vip(1)])
        owner.look()
        owner.look()
        #expect(answer() == ["ask 1", "\(Input.localityFound([Sample.vip(1)], isLocal: false))"])
        #expect(answer() == ["ask 1"])
        #expect(answer() == [])
        // Others are to be asked about by now.
        owner.look()
        owner.follow([Sample.vip(1), Sample.vip(2)])
        #expect(answer() == ["ask 1"])
        #expect(
            answer() == ["ask 2", "\(Input.localityFound([Sample.vip(1), Sample.vip(2)], isLocal: false))"])
        owner.follow([])
        bench.loop.advanceTime(by: .hours(1))
        #expect(answer() == [])
    }

    @Test func aTroubleIsLoggedOnce() {
        answers.local = .failure(.noAnswer(operation: "asking"))
        owner.follow([Sample.vip(1)])
        #expect(
            answer() == ["ask 1", "error: cannot tell which VIPs are local, trying again"])
        bench.loop.advanceTime(by: .seconds(1))
        #expect(answer() == ["ask 1"])
    }
}

/// What is intended on this node, as its network comes and changes.
struct NetworkLooksTests {
    private let bench = OwnerBench()
    private let answers = Answers()
    private let owner: NetworkLooks

    private static let first = ScopedAddress(.v4(IPv4Address(0x0A00_0001)))
    private static let second = ScopedAddress(.v4(IPv4Address(0x0A00_0002)))

    init() {
        let (record, answers) = (bench.record, answers)
        var settings = Settings(localAS: ASNumber(65001), routerID: BGPIdentifier(1), vips: [], checks: [], peers: [])
        settings.peers = [PeerSettings(address: .gateway, peerAS: .external)]
        owner = NetworkLooks(
            bench.link, node: NodeIntent(settings), thread: bench.thread, look: { _ in answers.network },
            watchRoutes: { _, onChange throws(NetlinkError) in
                answers.routesChange = onChange
                return Record()
            },
            tell: { news in
                switch news {
                case .waits(let reason, let isFirst): record.lines.append("waits: \(reason) \(isFirst)")
                case .ready(let settings): record.lines.append("ready: \(settings.peers.map(\.address))")
                case .changed(let settings): record.lines.append("changed: \(settings.peers.map(\.address))")
                case .failed(let error): record.lines.append("failed: \(error)")
                }
            })
    }

    private func looked() -> [String] {
        bench.thread.work()
        bench.loop.run()
        return bench.takeRecord()
    }

    @Test func aNetworkThatIsThereIsReadyAtOnce() {
        answers.network = .success(NodeIntent.Network(gateways: [Self.first]))
        #expect(!owner.hasBegun)
        owner.lookNow()
        #expect(owner.hasBegun)
        #expect(bench.takeRecord() == ["ready: [10.0.0.1]"])
        bench.loop.advanceTime(by: .hours(1))
        #expect(bench.takeRecord() == [])
    }

    @Test func aNetworkThatComesLaterIsLookedForAndSettles() {
        owner.lookNow()
        let waits = bench.takeRecord()
        #expect(waits.count == 1)
        #expect(waits[0].hasSuffix("true"))
        #expect(owner.waitsFor != nil)
        bench.loop.advanceTime(by: .milliseconds(200))
        #expect(bench.takeRecord() == [])
        answers.network = .success(NodeIntent.Network(gateways: [Self.first]))
        // Two seconds without a change; the search looks every 200 ms.
        bench.loop.advanceTime(by: .milliseconds(200))
        #expect(bench.takeRecord() == [])
        #expect(owner.waitsFor != nil)
        bench.loop.advanceTime(by: .milliseconds(1_800))
        #expect(bench.takeRecord() == [])
        bench.loop.advanceTime(by: .milliseconds(200))
        #expect(bench.takeRecord() == ["ready: [10.0.0.1]"])
        #expect(owner.waitsFor == nil)
    }

    @Test func gatewaysThatChangeCountWhenTheyHaveSettled() {
        answers.network = .success(NodeIntent.Network(gateways: [Self.first]))
        owner.lookNow()
        owner.isIntending = true
        owner.followRoutes()
        _ = bench.takeRecord()
        answers.network = .success(NodeIntent.Network(gateways: [Self.second]))
        answers.routesChange?()
        answers.routesChange?()
        bench.loop.advanceTime(by: .milliseconds(1))
        #expect(looked() == [])
        bench.loop.advanceTime(by: NodeIntent.patience.amount - .nanoseconds(1))
        #expect(looked() == [])
        bench.loop.advanceTime(by: .nanoseconds(1))
        #expect(looked() == ["changed: [10.0.0.2]"])
        owner.end()
        bench.loop.advanceTime(by: .hours(1))
        #expect(looked() == [])
    }
}

extension Duration {
    fileprivate var amount: TimeAmount { TimeAmount(self) }
}

/// The drain file: what is seen of it before and after the start.
struct DrainFileLooksTests {
    private let bench = OwnerBench()
    private let answers = Answers()
    private let owner: DrainFileLooks

    init() {
        let (record, answers, thread) = (bench.record, answers, bench.thread)
        owner = DrainFileLooks(
            bench.link, makeThread: { thread },
            look: { path in
                record.lines.append("look at \(path)")
                return answers.file
            },
            watch: { path, _, _, lookIsDue, cannotWatch in
                answers.fileMayHaveChanged = lookIsDue
                answers.cannotWatch = cannotWatch
                return { record.lines.append("watch \(path) no more") }
            }, onKnown: { record.lines.append("known") })
    }

    private func looked() -> [String] {
        bench.thread.work()
        bench.loop.run()
        return bench.takeRecord()
    }

    @Test func whatIsSeenIsToldOnceAndLetsTheStartGoOn() {
        answers.file = .success(.present(reason: "kernel"))
        owner.follow("/drain")
        #expect(bench.takeRecord() == [])
        #expect(looked() == ["look at /drain", "\(Input.drainFileFound(reason: "kernel"))", "known"])
        bench.link.isServing = true
        answers.fileMayHaveChanged?()
        #expect(looked() == ["look at /drain"])
        answers.file = .success(.absent)
        answers.fileMayHaveChanged?()
        #expect(looked() == ["look at /drain", "\(Input.drainFileGone)"])
    }

    @Test func whatComesDuringALookIsLookedAtAfterIt() {
        owner.follow("/drain")
        answers.fileMayHaveChanged?()
        answers.fileMayHaveChanged?()
        #expect(looked() == ["look at /drain", "\(Input.drainFileGone)", "known"])
        #expect(looked() == ["look at /drain", "known"])
        #expect(looked() == [])
    }

    @Test func aFileThatNobodyCanSeeEndsAStartAndLaterChangesNothing() {
        let unknown = DrainFile.Unknown(path: "/drain", code: 40)
        answers.file = .failure(unknown)
        owner.follow("/drain")
        #expect(looked() == ["look at /drain", "fail: \(unknown)"])
        bench.link.isServing = true
        for expected in [["look at /drain", "error: \(unknown)"], ["look at /drain"]] {
            answers.fileMayHaveChanged?()
            #expect(looked() == expected)
        }
    }

    @Test func aFileSystemThatHangsIsLogged() {
        owner.follow("/drain")
        bench.loop.advanceTime(by: DrainFileLooks.usualLook)
        #expect(
            bench.takeRecord() == [
                "error: the file system of the drain file does not answer; nothing is advertised before it does"
            ])
        #expect(looked() == ["look at /drain", "\(Input.drainFileGone)", "known"])
    }

    @Test func anotherFileIsFollowedInsteadWhateverTheFirstStillSays() {
        owner.follow("/drain")
        owner.follow("/other")
        #expect(bench.takeRecord() == ["watch /drain no more"])
        #expect(looked() == ["look at /drain", "look at /other", "\(Input.drainFileGone)", "known"])
        owner.end()
        #expect(!owner.isFollowing)
        #expect(bench.takeRecord() == ["watch /other no more"])
    }

    @Test func aDirectoryThatCannotBeWatchedIsLoggedOnce() {
        owner.follow("/drain")
        answers.cannotWatch?("no space")
        answers.cannotWatch?("no space")
        #expect(
            bench.takeRecord()
                == ["warning: the drain file's directory cannot be watched; looking each second instead"])
    }
}

/// The rules that keep packets from looping.
struct LoopRulesTests {
    private final class Kernel: @unchecked Sendable {
        var uplinks: Result<Set<String>, NetlinkError> = .success(["eth0"])
        var set: Result<Void, NetlinkError> = .success(())
        /// What other instances are told that this one has.
        var locked: Set<IPAddress> = []
    }

    private let bench = OwnerBench()
    private let kernel = Kernel()
    private let owner: LoopRules
    private let loops = LoopGuard(pools: [Sample.vip(1), Sample.vip(2)], peers: [])

    init() {
        let (record, kernel) = (bench.record, kernel)
        owner = LoopRules(
            bench.link, thread: bench.thread, uplinks: { _ in kernel.uplinks },
            set: { rules, locks in
                kernel.locked = locks.own
                record.lines.append(rules.map { "\($0.pool) \($0.uplink)" }.sorted().joined(separator: ", "))
                return kernel.set
            }, locks: AddressLocks(prefix: "LoopRulesTests \(UInt64.random(in: 0...UInt64.max))"))
    }

    private func answer() -> [String] {
        bench.thread.work()
        bench.loop.run()
        return bench.takeRecord()
    }

    @Test func thereIsOneForEachPoolAndUplinkUntilTheEnd() {
        let (first, second) = ("\(Sample.vip(1))", "\(Sample.vip(2))")
        owner.prevent(loops)
        #expect(answer() == ["\(first) eth0, \(second) eth0"])
        #expect(kernel.locked == Set(loops.pools.map(\.address)))
        kernel.uplinks = .success(["eth1"])
        bench.loop.advanceTime(by: .seconds(10))
        #expect(answer() == ["\(first) eth1, \(second) eth1"])
        owner.end()
        #expect(answer() == [""])
        bench.loop.advanceTime(by: .seconds(10))
        #expect(answer() == [])
    }

    @Test func anAnswerThatComesAfterTheEndMakesNone() {
        owner.prevent(loops)
        owner.end()
        #expect(answer() == [""])
    }

    @Test func whatAnEarlierRunLeftGoesIfNoneAreWanted() {
        owner.removeLeftovers()
        #expect(answer() == [""])
        // What is wanted meanwhile comes after it.
        owner.removeLeftovers()
        owner.prevent(loops)
        let rules = "\(Sample.vip(1)) eth0, \(Sample.vip(2)) eth0"
        #expect(answer() + answer() == ["", rules])
        owner.removeLeftovers()
        #expect(answer() == [])
    }

    @Test func whatTheKernelRefusesIsLoggedOnce() {
        kernel.set = .failure(.refused(operation: "adding", code: 1, kernelText: nil))
        owner.removeLeftovers()
        #expect(answer().last?.hasPrefix("warning: routing rules of an earlier run cannot be removed") == true)
        owner.prevent(loops)
        #expect(answer().last?.hasPrefix("warning: packets to unused ports of Services may loop") == true)
        bench.loop.advanceTime(by: .seconds(10))
        #expect(answer().count == 1)
    }
}
