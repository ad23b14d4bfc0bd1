package import NIOCore

/// Something that lives on one event loop: everything calls it there, and it is not Sendable. All that owns something of the
/// daemon is confined like this.
package protocol LoopConfined: AnyObject, SendableMetatype {
    var loop: any EventLoop { get }
}

extension LoopConfined {
    /// Calls `body` with this object, as what NIO asks for: Sendable, though it may be called on the loop only. Keeps this
    /// object alive. On the loop.
    package func callback<Value>(_ body: @escaping (Self, Value) -> Void) -> @Sendable (Value) -> Void {
        let bound = NIOLoopBound((self, body), eventLoop: loop)
        return { value in
            let (owner, body) = bound.value
            body(owner, value)
        }
    }

    /// The same for calls with two values.
    package func callback<First, Second>(
        _ body: @escaping (Self, First, Second) -> Void
    ) -> @Sendable (First, Second) -> Void {
        let bound = NIOLoopBound((self, body), eventLoop: loop)
        return { first, second in
            let (owner, body) = bound.value
            body(owner, first, second)
        }
    }

    /// The same for calls without a value.
    package func callback(_ body: @escaping (Self) -> Void) -> @Sendable () -> Void {
        let bound = NIOLoopBound((self, body), eventLoop: loop)
        return {
            let (owner, body) = bound.value
            body(owner)
        }
    }

    /// Does this after a pause, unless it is cancelled. On the loop.
    @discardableResult
    package func after(_ pause: TimeAmount, _ body: @escaping () -> Void) -> Scheduled<Void> {
        loop.assumeIsolated().scheduleTask(in: pause, body)
    }

    /// Does this again and again, the first time after one pause. On the loop.
    package func every(_ pause: TimeAmount, _ body: @escaping (Self) -> Void) -> RepeatedTask {
        let body = callback(body)
        return loop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in body() }
    }

    /// Works on a thread, and brings the result to the loop. On the loop.
    package func work<Value: Sendable>(
        on thread: any WorkThread, _ work: @escaping @Sendable () -> Value, then: @escaping (Value) -> Void
    ) {
        let promise = loop.makePromise(of: Value.self)
        promise.futureResult.assumeIsolated().whenSuccess(then)
        thread.submit { promise.succeed(work()) }
    }
}

/// A thread for calls that may block; one after the other, in the order given.
package protocol WorkThread: Sendable {
    /// Does this when everything before it is done.
    func submit(_ work: @escaping @Sendable () -> Void)
    /// Waits until everything that was given before is done, but not for longer than this.
    func drain(seconds: Double)
}
