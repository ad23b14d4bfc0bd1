import Glibc
import NIOCore

/// Runs `work` on a thread of its own and brings its result to the loop: for what a hung disk or mount can hold up for
/// ever. The caller sees to it that no second one starts before the first has ended.
///
/// A thread for each piece of work costs some 50 µs, and a node whose checks need no file has none.
/// - Parameter report: called on the loop; with nil if the kernel gives us no thread.
func offLoop<Value: Sendable>(
    _ loop: any EventLoop, _ work: @escaping @Sendable () -> Value, report: @escaping (Value?) -> Void
) {
    let promise = loop.makePromise(of: Optional<Value>.self)
    promise.futureResult.assumeIsolated().whenSuccess(report)
    let job = Unmanaged.passRetained(Job { promise.succeed(work()) })
    var thread: pthread_t = 0
    let code = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }, job.toOpaque())
    guard code == 0 else {
        job.release()
        return promise.succeed(nil)
    }
    pthread_detach(thread)
}

/// A piece of work, as an object that a C function can be given.
private final class Job: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}
