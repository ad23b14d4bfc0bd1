import Glibc

/// Whether the kernel runs the calling thread ahead of ordinary ones, so that a busy node does not delay BFD.
package enum RealTime: Sendable, Hashable {
    /// SCHED_RR holds.
    case granted
    /// The kernel refused that, but gave the best ordinary priority: CAP_SYS_NICE in a control group without real time.
    case raised
    /// The kernel refused both, with this errno: EPERM without CAP_SYS_NICE.
    case refused(errno: CInt)

    /// Linux has it, but sched.h shows it to _GNU_SOURCE only.
    private static let resetOnFork: CInt = 0x4000_0000
    /// Above the kernel's ordinary threads and far below its watchdogs.
    private static let priority: CInt = 10

    /// Asks for SCHED_RR for the calling thread, or else for nice -20; its children run as usual (SCHED_RESET_ON_FORK).
    package static func request() -> RealTime {
        var parameters = sched_param()
        parameters.sched_priority = priority
        // 0 is the calling thread.
        if sched_setscheduler(0, SCHED_RR | resetOnFork, &parameters) == 0 { return .granted }
        let refusal = errno
        parameters.sched_priority = 0
        guard sched_setscheduler(0, SCHED_OTHER | resetOnFork, &parameters) == 0,
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, -20) == 0
        else { return .refused(errno: refusal) }
        return .raised
    }
}

extension RealTime {
    /// True if the thread runs ahead of ordinary ones.
    package var isPreferred: Bool { self == .granted || self == .raised }
}

extension RealTime: CustomStringConvertible {
    /// The answer in words, for `peers`.
    package var description: String {
        switch self {
        case .granted: "real-time scheduling"
        case .raised: "the highest ordinary priority (the control group has no real-time budget)"
        case .refused(EPERM): "ordinary scheduling (real-time needs CAP_SYS_NICE)"
        case .refused(let code): "ordinary scheduling (\(String(cString: strerror(code))))"
        }
    }
}
