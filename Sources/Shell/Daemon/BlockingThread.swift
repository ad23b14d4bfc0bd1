import Glibc
import NIOConcurrencyHelpers

/// A thread for calls that may block for as long as they like: files on a hung mount, a terminal that nobody reads.
///
/// It does one thing after the other, in the order given, and lives as long as the process: nothing can end a call that
/// hangs.
final class BlockingThread: Sendable {
    /// True if something waits to be done.
    private let hasWork = ConditionLock(value: false)
    private let waiting = NIOLockedValueBox<[@Sendable () -> Void]>([])

    init() {
        var thread = pthread_t()
        // The thread's own reference.
        let context = Unmanaged.passRetained(self).toOpaque()
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<BlockingThread>.fromOpaque(context).takeUnretainedValue().work()
                return nil
            }, context)
        if code == 0 { pthread_detach(thread) }
    }

    /// Does this when everything before it is done.
    func submit(_ work: @escaping @Sendable () -> Void) {
        hasWork.lock()
        waiting.withLockedValue { $0.append(work) }
        hasWork.unlock(withValue: true)
    }

    /// Waits until everything that was given before is done, but not for longer than this.
    func drain(seconds: Double) {
        let done = ConditionLock(value: false)
        submit {
            done.lock()
            done.unlock(withValue: true)
        }
        if done.lock(whenValue: true, timeoutSeconds: seconds) { done.unlock() }
    }

    private func work() {
        while true {
            hasWork.lock(whenValue: true)
            let due = waiting.withLockedValue { waiting in
                defer { waiting = [] }
                return waiting
            }
            hasWork.unlock(withValue: false)
            for work in due { work() }
        }
    }
}
