import Deadlines
import IPTypes
import NIOCore
import NIOEmbedded
import Settings
import SpeakerCore
import ShellSystem
import Wording

@testable import Daemon

/// What an owner of resources does, in order: what it asks of the kernel, what it tells the speaker, what it logs.
final class OwnerBench {
    let loop = EmbeddedEventLoop()
    let thread = HeldThread()
    let record = Record()
    /// What happens while the owner gives an input.
    var onInput: (Input) -> Void = { _ in }
    /// What the owner may ask.
    var speaker = Speaker(hostName: nil, seed: 1, at: Instant(nanoseconds: 0))

    private(set) lazy var link = HostLink(
        loop: loop,
        logLevel: .info, write: { [record] in record.lines.append("\($0.level): \($0.message)") },
        calls: HostLink.Calls(
            take: { [record, unowned self] in
                record.lines.append("\($0)")
                onInput($0)
            }, fail: { [record] in record.lines.append("fail: \($0)") },
            flush: { [record] in record.lines.append("flush") }, speaker: { [unowned self] in self.speaker }))

    /// What has happened since the last time.
    func takeRecord() -> [String] {
        defer { record.lines = [] }
        return record.lines
    }

    /// A speaker that intends this, on a node that is called nothing.
    func intend(_ settings: Settings) {
        _ = speaker.handle(.intended(settings), at: Instant(nanoseconds: 0))
    }
}

/// Lines in the order in which things happened. Used from one thread only.
final class Record: @unchecked Sendable {
    var lines: [String] = []
}

/// A thread that works when it is told to.
final class HeldThread: WorkThread, @unchecked Sendable {
    private var waiting: [@Sendable () -> Void] = []

    func submit(_ work: @escaping @Sendable () -> Void) { waiting.append(work) }

    func drain(seconds: Double) { work() }

    /// Does what was given.
    func work() {
        let due = waiting
        waiting = []
        for work in due { work() }
    }
}

/// Addresses of tests.
enum Sample {
    static func vip(_ last: UInt32) -> IPPrefix { IPPrefix(host: .v4(IPv4Address(0x0AFF_0000 + last))) }
    static let tor = ScopedAddress(.v4(IPv4Address(0x0A00_0001)))
}
