import CLinuxShim
import Glibc
import Health
import NIOCore
import Synchronization

/// Programs of all checks that run now, so that a sweep for orphans leaves them to their probes; and how many are being
/// started, whose numbers are not known yet.
private let programs = Mutex<(running: Set<pid_t>, starting: Int)>(([], 0))

/// As process 1 of a container we inherit what programs leave behind, and no other process will reap it.
private func reapOrphans() {
    guard getpid() == 1 else { return }
    // Bounded: what is left is found the next time.
    for _ in 0..<256 {
        var info = siginfo_t()
        guard waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0, info.si_signo == SIGCHLD else { return }
        let orphan = info._sifields._sigchld.si_pid
        guard orphan > 0, programs.withLock({ $0.starting == 0 && !$0.running.contains(orphan) }) else { return }
        waitpid(orphan, nil, WNOHANG)
    }
}

/// Asks by running a program: exit status 0 passes.
///
/// The program leads a process group of its own, and what is left of the group when it ends, or at the timeout, is
/// killed. It gets no descriptor of ours, no signal mask of ours and next to no environment. It is started on a thread of
/// its own, because the one that starts it stands still until the kernel has read the program from its disk.
final class ExecProbe: ProbeMethod {
    var report: (ProbeReport) -> Void = { _ in }
    private let program: String
    private let command: [String]
    private var environment: [String]
    private var timeout: Duration
    private let loop: any EventLoop
    /// The program that runs, or was killed and has not ended yet.
    private var child: pid_t?
    private var start = NIODeadline.now()
    /// True while a probe runs.
    private var isRunning = false
    /// True while the kernel is asked to start the program.
    private var isStarting = false
    /// True while `child`, or what is being started, is what a probe left that was given up: its status is not asked for.
    private var isBeingKilled = false

    init(command: [String], name: String, timeout: Duration, on loop: any EventLoop) throws(CheckUnusable) {
        guard let program = command.first, !program.isEmpty else {
            throw CheckUnusable(reason: "the check \(name) names no program to run")
        }
        guard (command + [name]).allSatisfy({ !$0.utf8.contains(0) }) else {
            throw CheckUnusable(reason: "the check \(name) has a zero byte in its command")
        }
        self.program = program
        self.command = command
        self.timeout = timeout
        self.loop = loop
        environment = [Self.path, "BGPVIP_CHECK=\(name)"]
    }

    /// A program that is no check: `prepare` says with what it is run.
    init(program: String, on loop: any EventLoop) {
        self.program = program
        self.loop = loop
        command = [program]
        environment = [Self.path]
        timeout = .zero
    }

    /// Sets the variables, besides `PATH`, and the time of what is run next.
    func prepare(_ variables: [String], timeout: Duration) {
        environment = [Self.path] + variables
        self.timeout = timeout
    }

    private static var path: String {
        "PATH=" + (getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin")
    }

    func begin() {
        isRunning = true
        // Never two programs at a time: one that was killed is awaited first.
        if child == nil, !isStarting { run() }
    }

    func giveUp() -> Outcome {
        let reason =
            switch (isStarting, isBeingKilled) {
            case (true, _): "\(program) has not started within \(timeout.inWords): its disk does not answer"
            case (_, true): "the program that was killed at the last timeout has not ended"
            case (_, false): "timed out after \(timeout.inWords)"
            }
        stop()
        return .failed(reason: reason, definitive: false)
    }

    func stop() {
        isRunning = false
        // The poll that is under way reaps it.
        if let child { kill(-child, SIGKILL) }
        isBeingKilled = child != nil || isStarting
    }

    private func run() {
        isStarting = true
        offLoop(loop, { [program, command, environment] in spawn(program, command, environment) }) { [self] in
            started($0 ?? .failure(IOError(errnoCode: EAGAIN, reason: "pthread_create")))
        }
    }

    private func started(_ result: Result<pid_t, IOError>) {
        isStarting = false
        start = .now()
        switch result {
        case .success(let pid):
            child = pid
            if isBeingKilled { kill(-pid, SIGKILL) }
            pollLater()
        case .failure where isBeingKilled:
            isBeingKilled = false
            if isRunning { run() }
        case .failure(let error):
            end(.failed(reason: "cannot run \(program): \(systemWords(error.errnoCode))", definitive: false))
        }
    }

    private func end(_ outcome: Outcome) {
        isRunning = false
        report(.ended(outcome))
    }

    private func pollLater() {
        // A process can only be awaited without blocking by asking: often at first, since most checks are quick. (The
        // event loop cannot watch a pidfd, because it would read from it.)
        let isYoung = NIODeadline.now() - start < .milliseconds(20)
        loop.assumeIsolated().scheduleTask(in: isYoung ? .milliseconds(1) : .milliseconds(5)) { [self] in poll() }
    }

    private func poll() {
        guard let child else { return }
        // Not reaped yet, so that its number still belongs to its process group when that is killed.
        var info = siginfo_t()
        let asked = waitid(P_PID, id_t(child), &info, WEXITED | WNOHANG | WNOWAIT)
        let mustWait = asked == 0 ? info.si_signo != SIGCHLD : errno == EINTR
        if mustWait { return pollLater() }
        if asked == 0 { kill(-child, SIGKILL) }
        var status: Int32 = 0
        let isKnown = waitpid(child, &status, WNOHANG) == child
        self.child = nil
        programs.withLock { _ = $0.running.remove(child) }
        reapOrphans()
        if isBeingKilled {
            isBeingKilled = false
            if isRunning { run() }
        } else if isRunning {
            end(isKnown ? outcome(of: status) : .failed(reason: "its exit status is lost", definitive: false))
        }
    }

    private func outcome(of status: Int32) -> Outcome {
        let signal = status & 0x7F
        let code = (status >> 8) & 0xFF
        if signal != 0 { return .failed(reason: "killed by signal \(signal)", definitive: false) }
        return code == 0 ? .passed : .failed(reason: "exit status \(code)", definitive: false)
    }
}

/// Starts a program; returns when the kernel runs it, or has found that it cannot.
private func spawn(_ program: String, _ command: [String], _ environment: [String]) -> Result<pid_t, IOError> {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // A program that inherited a BGP connection would keep it open when we die.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))
    posix_spawnattr_setpgroup(&attributes, 0)
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)

    let arguments = command.map { strdup($0) }
    let variables = environment.map { strdup($0) }
    defer { (arguments + variables).forEach { free($0) } }
    var pid: pid_t = 0
    programs.withLock { $0.starting += 1 }
    let code = posix_spawn(&pid, program, &actions, &attributes, arguments + [nil], variables + [nil])
    programs.withLock {
        $0.starting -= 1
        if code == 0 { $0.running.insert(pid) }
    }
    return code == 0 ? .success(pid) : .failure(IOError(errnoCode: code, reason: "posix_spawn"))
}
