import Glibc
import NIOConcurrencyHelpers

/// A thread for calls that may block for as long as they like: files on a hung mount, an unread terminal.
///
/// It does one thing after the other, in the order given. It ends a moment after the last, because things come in groups and
/// to make a thread costs more than to wake one; a daemon at rest has none. Nothing can end a call that hangs.
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
        /// True while there is a thread, which takes what waits.
        var isServed = false
    }

    private let queue = NIOLockedValueBox(Queue())
    /// True if something was submitted since the thread looked last.
    private let isCalled = ConditionLock(value: false)
    private let withoutThread: WithoutThread
    private let patience: Double
    private let startThread: Start

    /// Starts nothing yet.
    /// - Parameter patience: seconds for which a thread that has nothing to do waits for more.
    package init(
        withoutThread: WithoutThread = .later, patience: Double = 0.05,
        startThread: @escaping Start = BlockingThread.detach
    ) {
        self.withoutThread = withoutThread
        self.patience = patience
        self.startThread = startThread
    }

    /// Does this when everything before it is done.
    package func submit(_ work: @escaping @Sendable () -> Void) {
        let isServed = queue.withLockedValue { queue in
            queue.waiting.append(work)
            defer { queue.isServed = true }
            return queue.isServed
        }
        guard isServed else { return start() }
        isCalled.lock()
        isCalled.unlock(withValue: true)
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
        guard !startThread({ self.work(patience: self.patience) }) else { return }
        switch withoutThread {
        case .later: queue.withLockedValue { $0.isServed = false }
        case .here: work(patience: 0)
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

    private func work(patience: Double) {
        repeat {
            for work in takeAll() { work() }
        } while isCalled(within: patience) || !hasEnded()
    }

    private func takeAll() -> [@Sendable () -> Void] {
        queue.withLockedValue { queue in
            defer { queue.waiting = [] }
            return queue.waiting
        }
    }

    private func isCalled(within seconds: Double) -> Bool {
        guard isCalled.lock(whenValue: true, timeoutSeconds: seconds) else { return false }
        isCalled.unlock(withValue: false)
        return true
    }

    /// True if nothing waits; then the thread is gone for those that submit.
    private func hasEnded() -> Bool {
        queue.withLockedValue { queue in
            if queue.waiting.isEmpty { queue.isServed = false }
            return queue.waiting.isEmpty
        }
    }
}
