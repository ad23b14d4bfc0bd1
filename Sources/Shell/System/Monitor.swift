import Glibc

/// A value that threads share and wait for. Waits use the monotonic clock, so that setting the wall clock does not prolong
/// them; those of NIO's ConditionLock use the wall clock.
///
/// `@unchecked Sendable` is safe because a thread uses the value only while it holds the lock.
final class Monitor<Value>: @unchecked Sendable {
    private var value: Value
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let isChanged = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(_ value: Value) {
        self.value = value
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(isChanged, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(isChanged)
        pthread_mutex_destroy(lock)
        isChanged.deallocate()
        lock.deallocate()
    }

    /// Reads or changes the value, and wakes those threads that wait for a change.
    func change<Result>(_ body: (inout Value) -> Result) -> Result {
        change(when: { _ in true }, within: .zero, body)
    }

    /// The same once the value is as wanted, or this time is over: `body` sees which.
    func change<Result>(
        when isWanted: (Value) -> Bool, within limit: Duration, _ body: (inout Value) -> Result
    ) -> Result {
        pthread_mutex_lock(lock)
        defer {
            pthread_cond_broadcast(isChanged)
            pthread_mutex_unlock(lock)
        }
        if !isWanted(value), limit > .zero {
            var end = timespec.now(after: limit)
            while !isWanted(value), pthread_cond_timedwait(isChanged, lock, &end) != ETIMEDOUT {}
        }
        return body(&value)
    }
}

extension timespec {
    /// The time on the monotonic clock when this will have passed.
    fileprivate static func now(after duration: Duration) -> timespec {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let nanoseconds = now.tv_nsec + Int(duration.components.attoseconds / 1_000_000_000)
        return timespec(
            tv_sec: now.tv_sec + Int(duration.components.seconds) + nanoseconds / 1_000_000_000,
            tv_nsec: nanoseconds % 1_000_000_000)
    }
}
