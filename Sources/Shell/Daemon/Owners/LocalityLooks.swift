import IPTypes
import NIOCore
import Netlink
import SpeakerCore
import ShellSystem
import Wording

/// Asks the kernel which of the addresses that are left to others are local, and tells the speaker what has changed.
final class LocalityLooks: LoopConfined {
    typealias Question = @Sendable (Set<IPAddress>) -> Result<Set<IPAddress>, NetlinkError>

    let loop: any EventLoop
    private let link: HostLink
    private let thread: any WorkThread
    private let ask: Question
    /// Those that the kernel is asked about.
    private var asked: Set<IPAddress> = []
    /// Those of them that are local; nil before the first answer.
    private var local: Set<IPAddress>?
    private var isUnderWay = false
    /// True if something has changed since the present look began.
    private var mustRepeat = false
    private var looks: RepeatedTask?
    /// The last trouble that was logged.
    private var fault: NetlinkError?

    init(_ link: HostLink, thread: any WorkThread, ask: @escaping Question) {
        loop = link.loop
        self.link = link
        self.thread = thread
        self.ask = ask
    }

    /// Asks at once, and from then on: the kernel does not tell of routes that come and go. Each second; with more than a hundred
    /// addresses as often as makes a hundred lookups a second, and every ten seconds at least.
    func follow(_ prefixes: Set<IPPrefix>) {
        asked = Set(prefixes.map(\.address))
        local = nil
        end()
        guard !asked.isEmpty else { return }
        look()
        let pause = TimeAmount.milliseconds(min(max(Int64(asked.count) * 10, 1_000), 10_000))
        looks = every(pause) { $0.look() }
    }

    /// Asks no more by itself.
    func end() {
        looks?.cancel()
        looks = nil
    }

    /// An address was put on the node or taken off it.
    func addressChanged(_ address: IPAddress) {
        if asked.contains(address) { look() }
    }

    /// Asks now, or as soon as the kernel has answered the present question.
    func look() {
        guard link.isRunning, !asked.isEmpty else { return }
        guard !isUnderWay else {
            mustRepeat = true
            return
        }
        isUnderWay = true
        mustRepeat = false
        work(on: thread) { [ask, asked] in
            ask(asked)
        } then: { [asked] in
            self.note($0, of: asked)
        }
    }

    private func note(_ result: Result<Set<IPAddress>, NetlinkError>, of question: Set<IPAddress>) {
        isUnderWay = false
        guard link.isRunning else { return }
        // Others are to be asked about by now.
        guard question == asked else { return look() }
        switch result {
        case .success(let found):
            fault = nil
            let gained = found.subtracting(local ?? [])
            let lost = (local ?? asked).subtracting(found)
            local = found
            if !lost.isEmpty { link.take(.localityFound(lost.map { IPPrefix(host: $0) }.sorted(), isLocal: false)) }
            if !gained.isEmpty {
                link.take(.localityFound(gained.map { IPPrefix(host: $0) }.sorted(), isLocal: true))
            }
        case .failure(let error):
            if fault != error {
                link.log(.localityUnknown(reason: "\(error)"))
            }
            fault = error
        }
        if mustRepeat { look() }
    }
}
