import Advertising
import BGPFSM
import BGPWire
import Deadlines
import Glibc
import Health
import IPTypes
import Settings
import SpeakerCore

/// How long one turn of the event loop is held with very many VIPs: by each page of a status, and by inputs of the Speaker. What is
/// measured is the processor's time, so that what else the machine does counts little.
///
///     BGPVIP_BENCH=1 swift build -c release --scratch-path .build-bench
///     .build-bench/release/SpeakerBench [VIPS [PEERS [ESTABLISHED]]]
@main
struct SpeakerBench {
    static func main() {
        let numbers =
            CommandLine.arguments.dropFirst().compactMap { Int($0) }
            + [100_000, 256, 4].dropFirst(
                CommandLine.arguments.count - 1)
        var bench = SpeakerBench(vips: numbers[0], peers: numbers[1], established: numbers[2])
        print("\(numbers[0]) VIPs, \(numbers[1]) peers, \(numbers[2]) of them Established")
        bench.enterService()
        bench.measureStatus()
        bench.measureInputs()
        bench.measureReloads()
    }

    private var speaker = Speaker(hostName: "bench", seed: 1, at: Instant(nanoseconds: 0))
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var settings: Settings
    private let established: Int
    private var longestBatch = Duration.zero
    private let clock = ThreadClock()

    private init(vips: Int, peers: Int, established: Int) {
        self.established = established
        let check = Check(name: "api", kind: .tcp(SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443)))
        settings = Settings(
            localAS: ASNumber(65001), routerID: BGPIdentifier(0x0A00_0002),
            vips: (0..<vips).map { VIPSettings(prefix: Self.vip($0), checks: ["api"]) }, checks: [check],
            peers: (0..<peers).map { PeerSettings(address: Self.peer($0), peerAS: .exactly(ASNumber(65000))) })
    }

    private static func vip(_ number: Int) -> IPPrefix {
        IPPrefix(host: .v4(IPv4Address(0x0B00_0000 + UInt32(number))))
    }

    private static func peer(_ number: Int) -> ScopedAddress {
        ScopedAddress(.v4(IPv4Address(0x0A01_0000 + UInt32(number))))
    }

    /// Handles an input and the turns that follow from it at once; prints how long these held the loop.
    private mutating func take(_ input: Input, _ name: String) {
        now = now + .milliseconds(1)
        var effects: [Effect] = []
        let time = clock.measure { effects = speaker.handle(input, at: now) }
        var turns: [Duration] = []
        while let deadline = speaker.nextDeadline, deadline <= now {
            turns.append(
                clock.measure {
                    effects += speaker.handle(.deadlineReached, at: now)
                    _ = speaker.nextDeadline
                })
        }
        turns.sort()
        let rest =
            turns.isEmpty
            ? ""
            : "; then \(turns.count) turns, \(milliseconds(turns.reduce(.zero, +))) ms in all, median "
                + "\(milliseconds(turns[turns.count / 2])), longest \(milliseconds(turns[turns.count - 1])) ms"
        print("\(name): \(milliseconds(time)) ms\(rest), \(effects.count) effects")
    }

    /// Fails or passes the check of all VIPs, and has the kernel do what follows.
    private mutating func setHealth(_ isHealthy: Bool, _ name: String) {
        let all = settings.vips.map(\.prefix)
        let outcome: Outcome = isHealthy ? .passed : .failed(reason: "connection refused", definitive: true)
        // As often as it takes until the verdict changes.
        for _ in 0..<(isHealthy ? 2 : 1) {
            now = now + .seconds(1)
            _ = speaker.handle(.deadlineReached, at: now)
            take(.check("api", .outcome(outcome)), name)
        }
        for start in stride(from: 0, to: all.count, by: 64) {
            let batch = Array(all[start...].prefix(64))
            now = now + .microseconds(200)
            longestBatch = max(
                longestBatch,
                clock.measure { _ = speaker.handle(isHealthy ? .bound(batch) : .unbound(batch), at: now) })
        }
        print("of the kernel's answers to that, 64 VIPs each, the longest: \(milliseconds(longestBatch)) ms")
        longestBatch = .zero
    }

    private mutating func measureInputs() {
        let peer = Self.peer(0)
        take(
            .session(peer, .received(.routeRefresh(RouteRefresh(family: .ipv4Unicast)), .outgoing)), "a route refresh")
        setHealth(false, "all VIPs become unhealthy")
        setHealth(true, "all VIPs become healthy again")
        take(.vipDrainRequested(Self.vip(1), reason: "bench"), "one VIP is drained")
        take(.drainRequested(reason: "bench", keepsSessions: true), "the node is drained: marked")
        take(.undrainRequested, "and undrained")
        take(.session(peer, .received(.notification(Notification(code: 6, subcode: 4)), .outgoing)), "a session ends")
    }

    private mutating func enterService() {
        take(.intended(settings), "first settings")
        take(.started, "started")
        take(.check("api", .outcome(.passed)), "all VIPs become healthy")
        for start in stride(from: 0, to: settings.vips.count, by: 64).prefix(1) {
            take(.bound(settings.vips[start...].prefix(64).map(\.prefix)), "64 VIPs bound")
        }
        take(.bound(settings.vips.dropFirst(64).map(\.prefix)), "the other VIPs bound, all at once")
        for number in 0..<established { establish(number, "session \(number) comes up with all routes") }
        take(.check("api", .outcome(.passed)), "one more pass")
        take(.deadlineReached, "a deadline")
    }

    private mutating func establish(_ number: Int, _ name: String) {
        let open = Open(
            myAS: 65000, holdTime: 90, identifier: BGPIdentifier(9),
            parameters: [
                .capabilities([.multiprotocol(.ipv4Unicast), .routeRefresh, .fourOctetAS(ASNumber(65000))])
            ])
        let peer = Self.peer(number)
        let endpoints = Endpoints(local: .v4(IPv4Address(0x0A00_0002)), remote: peer.address)
        _ = speaker.handle(.session(peer, .tcpConnected(.outgoing, endpoints)), at: now)
        _ = speaker.handle(.session(peer, .received(.open(open), .outgoing)), at: now)
        take(.session(peer, .received(.keepalive, .outgoing)), name)
    }

    private func measureStatus() {
        for (name, scope) in [
            ("status", StatusScope()), ("status without routes (vips, SIGUSR1)", StatusScope(routes: .none)),
            ("peers: one peer's routes", StatusScope(routes: .of("\(Self.peer(0))"))),
            ("why: one VIP", StatusScope(vip: Self.vip(0))),
            ("status page", StatusScope(routes: .none, rows: 200)), ("metrics", speaker.metricsScope),
        ] {
            measurePages(name, scope)
        }
        let time = clock.measure { _ = speaker.unreadiness }
        print("readyz: \(milliseconds(time)) ms")
        let audit = clock.measure { _ = speaker.boundVIPs }
        print("audit of the addresses, the Speaker's part: \(milliseconds(audit)) ms")
        let deadline = clock.measure { _ = speaker.nextDeadline }
        print("next deadline: \(milliseconds(deadline)) ms")
    }

    /// The time of all pages together, of the longest one, and how many there are; of the first 20 000.
    private func measurePages(_ name: String, _ scope: StatusScope) {
        var scope = scope
        var times: [Duration] = []
        repeat {
            var page: Status?
            times.append(
                clock.measure {
                    page = speaker.statusPage(scope, version: "bench", at: now)
                    page?.addTimes(WallTime(milliseconds: 1_800_000_000_000))
                })
            scope.position = page?.next ?? 0
        } while scope.position > 0 && times.count < 20_000
        times.sort()
        let sum = times.reduce(.zero, +)
        print(
            "\(name): \(times.count) pages, \(milliseconds(sum)) ms in all; one page: median "
                + "\(milliseconds(times[times.count / 2])), 99 % \(milliseconds(times[times.count * 99 / 100])), "
                + "longest \(milliseconds(times[times.count - 1])) ms")
    }

    private mutating func measureReloads() {
        func reload(_ name: String, _ adapt: (inout Settings) -> Void) {
            adapt(&settings)
            // As read anew: nothing is shared with what is in force.
            var read = settings
            for place in read.vips.indices { read.vips[place].checks = read.vips[place].checks.map { $0 } }
            take(.intended(read), "reload: \(name)")
        }
        reload("nothing changes") { _ in }
        reload("one VIP gone") { $0.vips.removeLast() }
        reload("one VIP new") { $0.vips.append(VIPSettings(prefix: Self.vip(1 << 23), checks: ["api"])) }
        reload("a peer's keepalive") { $0.peers[0].keepaliveInterval = .seconds(2) }
        reload("another MED on all VIPs") { settings in
            for place in settings.vips.indices { settings.vips[place].attributes.multiExitDiscriminator = 5 }
        }
        reload("a MED of its own on each VIP") { settings in
            for place in settings.vips.indices {
                settings.vips[place].attributes.multiExitDiscriminator = UInt32(place)
            }
        }
        reload("the first VIP goes to the end") { $0.vips.append($0.vips.removeFirst()) }
        reload("all VIPs gone") { $0.vips = [] }
    }

    private func milliseconds(_ time: Duration) -> String {
        let microseconds = time.components.seconds * 1_000_000 + time.components.attoseconds / 1_000_000_000_000
        return "\(microseconds / 1000).\(String(1000 + microseconds % 1000).dropFirst())"
    }
}

/// The processor's time that this thread has taken.
private struct ThreadClock {
    func measure(_ work: () -> Void) -> Duration {
        let start = now
        work()
        return now - start
    }

    private var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
