import Health
import IPTypes
import NIOCore
import Settings
import SpeakerCore
import Testing

@testable import Daemon
@testable import HealthProbes

/// What runs probes in tests.
final class FakeProber: Probing, @unchecked Sendable {
    let tell: @Sendable (ProbeEvent) -> Void
    private let name: String
    private let record: Record

    init(_ name: String, _ record: Record, tell: @escaping @Sendable (ProbeEvent) -> Void) {
        self.name = name
        self.record = record
        self.tell = tell
    }

    func probe() { record.lines.append("\(name) probe") }
    func stop() { record.lines.append("\(name) stop") }
}

/// The probes of checks: who runs them, and what they tell.
struct ProbesTests {
    private let bench = OwnerBench()
    private let made: Made
    private let owner: Probes

    private final class Made {
        var probers: [FakeProber] = []
        var fault: CheckUnusable?
    }

    init() {
        let (record, made) = (bench.record, Made())
        self.made = made
        owner = Probes(
            bench.link,
            make: { check, tell throws(CheckUnusable) in
                if let fault = made.fault { throw fault }
                made.probers.append(FakeProber("\(check.name)\(made.probers.count)", record, tell: tell))
                return made.probers[made.probers.count - 1]
            }, trace: { record.lines.append("trace \($0)") })
    }

    private static let check = Check(
        name: "api", kind: .tcp(SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443)))

    private func input(_ event: HealthCheck.Event) -> String { "\(Input.check("api", event))" }

    @Test func whatProbesTellIsAnInput() {
        owner.provide(Self.check)
        owner.probe("api")
        owner.probe("unknown")
        #expect(bench.takeRecord() == ["api0 probe"])
        let tell = made.probers[0].tell
        tell(.outcome(.passed, took: .milliseconds(3)))
        tell(.lateAnswer(.passed))
        tell(.connectionLost)
        tell(.stoppedListening)
        #expect(
            bench.takeRecord() == [
                input(.outcome(.passed, took: .milliseconds(3))), input(.lateAnswer(.passed)), input(.connectionLost),
                input(.stoppedListening),
            ])
    }

    @Test func outcomesAreTracedBeforeWhatFollowsFromThem() {
        bench.link.logLevel = .debug
        owner.provide(Self.check)
        made.probers[0].tell(.outcome(.passed, took: .zero))
        #expect(bench.takeRecord().map { $0.prefix(6) } == ["trace ", "check("])
    }

    @Test func aCheckThatChangesIsProbedByAnother() {
        owner.provide(Self.check)
        owner.provide(Self.check)
        owner.probe("api")
        #expect(bench.takeRecord() == ["api0 stop", "api1 probe"])
        owner.end("api")
        owner.probe("api")
        owner.endAll()
        #expect(bench.takeRecord() == ["api1 stop"])
    }

    @Test func filesThatCannotBeUsedEndAStartAndLaterLeaveTheOldProbes() {
        made.fault = CheckUnusable.because("no such file")
        owner.provide(Self.check)
        #expect(bench.takeRecord() == ["fail: no such file"])
        made.fault = nil
        owner.provide(Self.check)
        bench.link.isServing = true
        made.fault = CheckUnusable.because("no such file")
        owner.provide(Self.check)
        owner.probe("api")
        #expect(bench.takeRecord() == ["error: check cannot be run", "api0 probe"])
    }
}

extension CheckUnusable {
    fileprivate static func because(_ reason: String) -> CheckUnusable { CheckUnusable(reason: reason) }
}
