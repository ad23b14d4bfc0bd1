import Glibc

/// A thread for calls that may block for as long as they like: files on a hung mount, an unread terminal.
///
/// It does one thing after the other, in the order given. It ends 50 ms after the last: work comes in groups, and to wake a
/// thread costs less than to make one. A daemon at rest has none. Nothing can end a call that hangs.
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

    private let queue = Monitor(Queue())
    private let withoutThread: WithoutThread
    private let patience: Duration
    private let startThread: Start

    /// Starts nothing yet.
    /// - Parameter patience: for how long a thread that has nothing to do waits for more.
    package init(
        withoutThread: WithoutThread = .later, patience: Duration = .milliseconds(50),
        startThread: @escaping Start = BlockingThread.detach
    ) {
        self.withoutThread = withoutThread
        self.patience = patience
        self.startThread = startThread
    }

    /// Does this when everything before it is done.
    package func submit(_ work: @escaping @Sendable () -> Void) {
        let isServed = queue.change { queue in
            queue.waiting.append(work)
            defer { queue.isServed = true }
            return queue.isServed
        }
        if !isServed { start() }
    }

    /// Waits until everything that was given before is done, but not for longer than this.
    package func drain(seconds: Double) {
        guard queue.change({ $0.isServed || !$0.waiting.isEmpty }) else { return }
        let isDone = Monitor(false)
        submit { isDone.change { $0 = true } }
        isDone.change(when: { $0 }, within: .seconds(seconds)) { _ in }
    }

    private func start() {
        // The thread keeps this alive.
        guard !startThread({ self.work(patience: self.patience) }) else { return }
        switch withoutThread {
        case .later: queue.change { $0.isServed = false }
        case .here: work(patience: .zero)
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

    private func work(patience: Duration) {
        while let due = nextDue(within: patience) {
            for work in due { work() }
        }
    }

    /// What waits, or comes in time; nil if that is nothing, and then the next that is submitted needs a thread.
    private func nextDue(within patience: Duration) -> [@Sendable () -> Void]? {
        queue.change(when: { !$0.waiting.isEmpty }, within: patience) { queue in
            guard !queue.waiting.isEmpty else {
                queue.isServed = false
                return nil
            }
            defer { queue.waiting = [] }
            return queue.waiting
        }
    }
}
