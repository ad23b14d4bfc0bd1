import Glibc
import NIOConcurrencyHelpers
import ShellSystem
import Testing

/// That there is a thread only while something is to be done, and a moment longer.
@Suite(.timeLimit(.minutes(1))) struct BlockingThreadTests {
    @Test func eachThreadEndsWhenNothingWaitsAndTheNextGoesOnInOrder() async {
        let thread = BlockingThread(patience: .zero)
        let done = NIOLockedValueBox<[Int]>([])
        for round in 0..<3 {
            await withCheckedContinuation { ended in
                thread.submit {
                    done.withLockedValue { $0.append(2 * round) }
                    whenThisThreadEnds { ended.resume() }
                    thread.submit { done.withLockedValue { $0.append(2 * round + 1) } }
                }
            }
        }
        #expect(done.withLockedValue { $0 } == [0, 1, 2, 3, 4, 5])
    }

    @Test func whatFollowsSoonNeedsNoThreadOfItsOwn() {
        let threads = NIOLockedValueBox(0)
        let thread = BlockingThread(
            patience: .seconds(60),
            startThread: { body in
                threads.withLockedValue { $0 += 1 }
                return BlockingThread.detach(body)
            })
        let done = NIOLockedValueBox<[Int]>([])
        for round in 0..<3 {
            thread.submit { done.withLockedValue { $0.append(round) } }
            thread.drain(seconds: 60)
        }
        #expect(done.withLockedValue { $0 } == [0, 1, 2])
        #expect(threads.withLockedValue { $0 } == 1)
    }

    @Test func drainingWaitsForWhatIsDoneAndNotForWhatHangs() async {
        let thread = BlockingThread()
        thread.drain(seconds: 60)
        let hangs = ConditionLock(value: true)
        let isDone = NIOLockedValueBox(false)
        thread.submit {
            hangs.lock(whenValue: false)
            isDone.withLockedValue { $0 = true }
            hangs.unlock()
        }
        thread.drain(seconds: 0.001)
        #expect(!isDone.withLockedValue { $0 })
        hangs.lock()
        hangs.unlock(withValue: false)
        thread.drain(seconds: 60)
        #expect(isDone.withLockedValue { $0 })
    }
}

/// What becomes of work for which the kernel gives no thread.
@Suite struct WithoutThreadTests {
    @Test func answersAreWrittenByTheThreadThatAsksForThem() {
        let thread = BlockingThread(withoutThread: .here, startThread: { _ in false })
        let done = NIOLockedValueBox<[Int]>([])
        for round in 0..<2 {
            thread.submit {
                done.withLockedValue { $0.append(2 * round) }
                thread.submit { done.withLockedValue { $0.append(2 * round + 1) } }
            }
        }
        #expect(done.withLockedValue { $0 } == [0, 1, 2, 3])
    }

    @Test func whatMayBlockWaitsForTheNextThread() {
        let threads = NIOLockedValueBox(0)
        let thread = BlockingThread(
            patience: .zero,
            startThread: { body in
                let isFirst = threads.withLockedValue { threads in
                    threads += 1
                    return threads == 1
                }
                if !isFirst { body() }
                return !isFirst
            })
        let done = NIOLockedValueBox<[Int]>([])
        thread.submit { done.withLockedValue { $0.append(1) } }
        #expect(done.withLockedValue { $0 }.isEmpty)
        thread.submit { done.withLockedValue { $0.append(2) } }
        #expect(done.withLockedValue { $0 } == [1, 2])
    }
}

/// Calls `body` on the calling thread when that ends.
private func whenThisThreadEnds(_ body: @escaping @Sendable () -> Void) {
    final class Ending: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var key = pthread_key_t()
    pthread_key_create(&key) { value in
        if let value { Unmanaged<Ending>.fromOpaque(value).takeRetainedValue().body() }
    }
    pthread_setspecific(key, Unmanaged.passRetained(Ending(body)).toOpaque())
}
