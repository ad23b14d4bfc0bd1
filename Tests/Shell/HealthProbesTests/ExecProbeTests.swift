import Glibc
import Health
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HealthProbes

@Suite("Exec probes", .timeLimit(.minutes(1)))
struct ExecProbeTests {
    @Test(
        "Exit status 0 passes, everything else fails in words",
        arguments: [
            (["/bin/true"], nil), (["/bin/false"], "exit status 1"), (["/bin/sh", "-c", "exit 3"], "exit status 3"),
            (["/bin/sh", "-c", "kill -9 $$"], "killed by signal 9"),
            (["/bin/sh", "-c", "kill -TERM $$"], "killed by signal 15"),
            (["/absent/program"], "cannot run /absent/program: No such file or directory"),
            (["/etc/passwd"], "cannot run /etc/passwd: Permission denied"),
        ] as [([String], String?)])
    func exitStatus(command: [String], reason: String?) async throws {
        var probing = try await Probing(.exec(command))
        let expected = reason.map { Probing.Seen.failed($0) } ?? .passed
        await probing.probe(gives: expected)
        await probing.probe(gives: expected)
    }

    @Test("It gets the check's name and PATH, and no other variable")
    func environment() async throws {
        let script = "test \"$BGPVIP_CHECK\" = test -a -n \"$PATH\" -a \"$(env | grep -vc '^_=\\|^PWD=')\" = 2"
        var probing = try await Probing(.exec(["/bin/sh", "-c", script]))
        await probing.probe(gives: .passed)
    }

    @Test("It gets /dev/null three times and no descriptor of ours")
    func descriptors() async throws {
        let script = """
            for n in 0 1 2; do test "$(readlink /proc/$$/fd/$n)" = /dev/null || exit 1; done
            for n in 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do test -e /proc/$$/fd/$n && exit 2; done
            exit 0
            """
        // Descriptors that are not closed on exec by themselves.
        let open = (0..<10).map { _ in dup(0) }
        defer { open.forEach { close($0) } }
        var probing = try await Probing(.exec(["/bin/sh", "-c", script]))
        await probing.probe(gives: .passed)
    }

    @Test("Signals that we block or ignore work in it")
    func signals() async throws {
        let restore = try await TestService.loop.submit {
            var signals = sigset_t()
            var earlier = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGTERM)
            pthread_sigmask(SIG_BLOCK, &signals, &earlier)
            return earlier
        }.get()
        var probing = try await Probing(
            .exec(["/bin/sh", "-c", "grep -q '^SigBlk:.0000000000000000' /proc/self/status"]))
        let seen = await probing.outcome()
        try await TestService.loop.submit {
            var earlier = restore
            pthread_sigmask(SIG_SETMASK, &earlier, nil)
        }.get()
        #expect(seen == .passed)
    }

    @Test("At the timeout it is killed with its whole process group")
    func timeout() async throws {
        let directory = try TemporaryDirectory()
        let pipe = directory.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let script = "sh -c 'echo up; sleep 1000' > \(pipe) & wait"
        var probing = try await Probing(.exec(["/bin/sh", "-c", script]), timeout: .seconds(2))
        probing.probe()
        // The pipe ends when the last process that holds it open has ended.
        async let written = wholeText(of: pipe)
        await probing.reports(.failed("timed out after 2000 ms"))
        #expect(try await written == "up\n")
    }

    @Test("What it leaves behind in its process group is killed when it exits")
    func leftover() async throws {
        let directory = try TemporaryDirectory()
        let pipe = directory.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let go = directory.path + "/go"
        #expect(mkfifo(go, 0o600) == 0)
        let script = "sh -c 'echo up; sleep 1000' > \(pipe) & read line < \(go)"
        var probing = try await Probing(.exec(["/bin/sh", "-c", script]))
        probing.probe()
        let written = try await wholeText(of: pipe) { close(open(go, O_WRONLY)) }
        #expect(written == "up\n")
        await probing.reports(.failed("exit status 1"))
    }

    @Test("After a timeout the next probe waits for the killed program and then runs")
    func afterTimeout() async throws {
        let directory = try TemporaryDirectory()
        // The second one passes only if the first is gone for good, not even waiting to be reaped.
        let first = directory.path + "/first"
        let script = "if test -e \(first); then ! kill -0 $(cat \(first)); else echo $$ > \(first); sleep 1000; fi"
        var probing = try await Probing(.exec(["/bin/sh", "-c", script]), timeout: .seconds(2))
        await probing.probe(gives: .failed("timed out after 2000 ms"))
        await probing.probe(gives: .passed)
    }

    @Test("An outcome that is known at once does not come from inside probe()")
    func neverSynchronous() async throws {
        let loop = TestService.loop
        let seen = loop.makePromise(of: Bool.self)
        let witness = Witness()
        try await loop.submit {
            let check = Check(name: "test", kind: .exec(["/absent/program"]))
            let prober = try Prober(check: check, on: loop) { _ in
                seen.succeed(witness.isInCall.withLock { $0 })
            }
            witness.isInCall.withLock { $0 = true }
            prober.probe()
            witness.isInCall.withLock { $0 = false }
            witness.prober.withLock { $0 = NIOLoopBound(prober, eventLoop: loop) }
        }.get()
        #expect(try await seen.futureResult.get() == false)
    }

    private final class Witness: Sendable {
        let isInCall = Mutex(false)
        let prober = Mutex<NIOLoopBound<Prober>?>(nil)
    }

    @Test("A command that is none is refused")
    func noCommand() async throws {
        await #expect(throws: CheckUnusable(reason: "the check test names no program to run")) {
            try await Probing(.exec([]))
        }
        await #expect(throws: CheckUnusable(reason: "the check test has a zero byte in its command")) {
            try await Probing(.exec(["/bin/echo", "a\0b"]))
        }
    }
}

/// Everything that is written to a named pipe until its last writer ends; `midway` is done after the first part.
/// Blocks a thread that is not the loop's.
private func wholeText(of pipe: String, midway: @escaping @Sendable () -> Void = {}) async throws -> String {
    try await NIOThreadPool.singleton.runIfActive {
        let file = open(pipe, O_RDONLY)
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 256)
        while true {
            let count = read(file, &chunk, chunk.count)
            if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
            if bytes.isEmpty { midway() }
            bytes += chunk.prefix(count)
        }
    }
}
