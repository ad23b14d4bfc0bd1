import Glibc
import Testing

@testable import Daemon

/// What each signal does to the daemon.
struct SignalsTests {
    @Test func everySignalThatWouldEndOrStopTheProcessIsHeldBack() {
        // A fault of the process itself, or impossible to hold back, or ignored, or harmless, or the C library's own.
        let others: Set<Int32> = [
            SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGKILL, SIGSTOP, SIGPIPE, SIGCHLD, SIGCONT,
            SIGURG,
            SIGWINCH, 32, 33,
        ]
        #expect(Set(Signals.handled) == Set(1...64).subtracting(others))
    }

    @Test func whoAsksForTheEndGetsIt() {
        func isUrgent(_ number: Int32) -> Bool? {
            if case .leave(let isUrgent) = Signals.Request(number) { isUrgent } else { nil }
        }
        #expect([SIGTERM, SIGPWR, 37].map(isUrgent) == [false, false, false])
        #expect([SIGINT, SIGQUIT].map(isUrgent) == [true, true])
        let leaving = [SIGTERM, SIGPWR, 37, SIGINT, SIGQUIT]
        #expect(Signals.handled.filter { isUrgent($0) != nil }.sorted() == leaving.sorted())
        guard case .reload = Signals.Request(SIGHUP) else {
            Issue.record("SIGHUP does not ask for a reload")
            return
        }
        guard case .giveWay = Signals.Request(SIGXCPU) else {
            Issue.record("SIGXCPU does not ask to leave the processor to others")
            return
        }
        guard case .status = Signals.Request(SIGUSR1) else {
            Issue.record("SIGUSR1 does not ask for the status")
            return
        }
    }
}
