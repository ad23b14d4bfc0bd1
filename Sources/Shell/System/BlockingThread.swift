import Glibc
import NIOConcurrencyHelpers

/// A thread for calls that may block for as long as they like: files on a hung mount, an unread terminal.
///
/// It does one thing after the other, in the order given, and is there only while something is to be done: a daemon at rest
/// has none. Nothing can end a call that hangs.
package final class BlockingThread: WorkThread {
    /// Where work is done for which the kernel gives no thread.
    package enum WithoutThread: Sendable {
        /// On the next thread that there is: with what is submitted next.
        case later
        /// On the thread that submits it, at once: only for work that cannot block.
        case here
    }

    /// Has the body done on a new thread; false if the kernel gives none.
    package typealias Start = @Sendable (_ body: @escaping @Sendable () -> Void) -> Bool

    private struct Queue {
        var waiting: [@Sendable () -> Void] = []
        /// True while a thread works, which then takes what waits.
        var isServed = false
    }

    private let queue = NIOLockedValueBox(Queue())
    private let withoutThread: WithoutThread
    private let startThread: Start

    /// Starts nothing yet.
    package init(withoutThread: WithoutThread = .later, startThread: @escaping Start = BlockingThread.detach) {
        self.withoutThread = withoutThread
        self.startThread = startThread
    }

    /// Does this when everything before it is done.
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
        // The thread keeps this alive.
        guard !startThread({ self.work() }) else { return }
        switch withoutThread {
        case .later: queue.withLockedValue { $0.isServed = false }
        case .here: work()
        }
    }

    /// Has the body done on a thread of the kernel, which ends with it; false if there is none to be had.
    package static let detach: Start = { body in
        final class Body: Sendable {
            let run: @Sendable () -> Void
            init(_ run: @escaping @Sendable () -> Void) { self.run = run }
        }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Body(body))
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            return false
        }
        pthread_detach(thread)
        return true
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
