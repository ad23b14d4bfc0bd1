import Glibc
import NIOConcurrencyHelpers

/// A thread for calls that may block for as long as they like: files on a hung mount, an unread terminal.
///
/// It does one thing after the other, in the order given, and is there only while something is to be done: a daemon at rest
/// has none. Nothing can end a call that hangs.
package final class BlockingThread: WorkThread {
    private struct Queue {
        var waiting: [@Sendable () -> Void] = []
        /// True while a thread works, which then takes what waits.
        var isServed = false
    }

    private let queue = NIOLockedValueBox(Queue())

    /// Starts nothing yet.
    package init() {}

    /// Does this when everything before it is done. If the kernel gives no thread for it, it is done with what is submitted
    /// next.
    package func submit(_ work: @escaping @Sendable () -> Void) {
        let isServed = queue.withLockedValue { queue in
            queue.waiting.append(work)
            defer { queue.isServed = true }
            return queue.isServed
        }
        if !isServed { start() }
    }

    /// Waits until everything that was given before is done, but not for longer than this.
    package func drain(seconds: Double) {
        guard queue.withLockedValue({ $0.isServed || !$0.waiting.isEmpty }) else { return }
        let done = ConditionLock(value: false)
        submit {
            done.lock()
            done.unlock(withValue: true)
        }
        if done.lock(whenValue: true, timeoutSeconds: seconds) { done.unlock() }
    }

    private func start() {
        var thread = pthread_t()
        // The thread's own reference.
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<BlockingThread>.fromOpaque(context).takeRetainedValue().work()
                return nil
            }, context.toOpaque())
        if code == 0 {
            pthread_detach(thread)
        } else {
            context.release()
            queue.withLockedValue { $0.isServed = false }
        }
    }

    private func work() {
        while let due = nextDue() {
            for work in due { work() }
        }
    }

    /// What waits; nil if that is nothing, and then the thread has ended for those who submit.
    private func nextDue() -> [@Sendable () -> Void]? {
        queue.withLockedValue { queue in
            guard !queue.waiting.isEmpty else {
                queue.isServed = false
                return nil
            }
            defer { queue.waiting = [] }
            return queue.waiting
        }
    }
}
