import Glibc

/// Whether the kernel runs the calling thread ahead of ordinary ones, so that a busy node does not delay BFD.
package enum RealTime: Sendable, Hashable {
    /// SCHED_RR holds.
    case granted
    /// The kernel refused that, but gave the best ordinary priority: CAP_SYS_NICE in a control group without real time.
    case raised
    /// As `raised`, for a while: the thread has run for longer than `budget` without a pause.
    case spent
    /// The kernel refused both, with this errno: EPERM without CAP_SYS_NICE.
    case refused(errno: CInt)

    /// Linux has it, but sched.h shows it to _GNU_SOURCE only.
    private static let resetOnFork: CInt = 0x4000_0000
    /// Above the kernel's ordinary threads and far below its watchdogs.
    private static let priority: CInt = 10

    /// How long the thread may run at real-time priority without a pause, in microseconds: then SIGXCPU comes, once a second.
    /// Whoever floods the daemon must not have a processor of the node for himself.
    private static let budget: rlim_t = 500_000

    /// Asks for SCHED_RR for the calling thread, or else for nice -20; its children run as usual (SCHED_RESET_ON_FORK).
    package static func request() -> RealTime {
        var parameters = sched_param()
        parameters.sched_priority = priority
        // 0 is the calling thread.
        // Each time, because the kernel raises it with each signal. At the hard limit it would end the process.
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(__RLIMIT_RTTIME.rawValue), &limit) == 0 {
            limit.rlim_cur = min(budget, limit.rlim_max)
            setrlimit(__rlimit_resource_t(__RLIMIT_RTTIME.rawValue), &limit)
        }
        if sched_setscheduler(0, SCHED_RR | resetOnFork, &parameters) == 0 { return .granted }
        let refusal = errno
        return takeBestOrdinary() ? .raised : .refused(errno: refusal)
    }

    /// Gives the real-time priority of the calling thread back, and keeps nice -20 if the kernel permits that.
    package static func giveWay() -> RealTime {
        takeBestOrdinary() ? .spent : .refused(errno: EPERM)
    }

    private static func takeBestOrdinary() -> Bool {
        var parameters = sched_param()
        parameters.sched_priority = 0
        return sched_setscheduler(0, SCHED_OTHER | resetOnFork, &parameters) == 0
            && setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, -20) == 0
    }
}

extension RealTime {
    /// True if the thread runs ahead of ordinary ones.
    package var isPreferred: Bool { self == .granted || self == .raised || self == .spent }
}

extension RealTime: CustomStringConvertible {
    /// The answer in words, for `peers`.
    package var description: String {
        switch self {
        case .granted: "real-time scheduling"
        case .raised: "the highest ordinary priority (the control group has no real-time budget)"
        case .spent: "the highest ordinary priority (the daemon was too busy for real time)"
        case .refused(EPERM): "ordinary scheduling (real-time needs CAP_SYS_NICE)"
        case .refused(let code): "ordinary scheduling (\(String(cString: strerror(code))))"
        }
    }
}
