import NIOCore
import NIOEmbedded
import Testing

@testable import Daemon

/// What is opened, and tried again until it can be.
struct OpeningTests {
    private struct Taken: Error {}
    private struct Missing: Error {}

    /// A place with a number of its own for each attempt, and what was said of it.
    private final class Place {
        let loop = EmbeddedEventLoop()
        var attempts: [EventLoopPromise<Int>] = []
        var closed: [Int] = []
        var news: [String] = []

        func open() -> Opening<Int> {
            Opening(
                on: loop,
                open: {
                    self.attempts.append(self.loop.makePromise(of: Int.self))
                    return self.attempts[self.attempts.count - 1].futureResult
                },
                close: { self.closed.append($0) },
                tell: {
                    switch $0 {
                    case .opened(let number, let afterFailure): self.news.append("\(number) \(afterFailure)")
                    case .failed(let error): self.news.append("\(type(of: error))")
                    }
                })
        }
    }

    @Test func whatCanBeOpenedIsOpenAtOnce() {
        let place = Place()
        let opening = place.open()
        place.attempts[0].succeed(1)
        #expect(opening.opened == 1)
        #expect(place.news == ["1 false"])
        place.loop.advanceTime(by: .hours(1))
        #expect(place.attempts.count == 1)
        opening.callOff()
        #expect(place.closed == [1])
        #expect(opening.opened == nil)
    }

    @Test func aFailureIsSaidOnceAndTriedAgainEachSecond() {
        let place = Place()
        let opening = place.open()
        place.attempts[0].fail(Taken())
        place.loop.advanceTime(by: .milliseconds(999))
        #expect(place.attempts.count == 1)
        place.loop.advanceTime(by: .milliseconds(1))
        place.attempts[1].fail(Taken())
        place.loop.advanceTime(by: .seconds(1))
        place.attempts[2].fail(Missing())
        place.loop.advanceTime(by: .seconds(1))
        place.attempts[3].succeed(4)
        #expect(place.news == ["Taken", "Missing", "4 true"])
        #expect(opening.opened == 4)
    }

    @Test func whatWasMissingIsTriedAtOnceWhenItHasCome() {
        let place = Place()
        let opening = place.open()
        opening.tryNow()
        #expect(place.attempts.count == 1)
        place.attempts[0].fail(Missing())
        opening.tryNow()
        #expect(place.attempts.count == 2)
        place.attempts[1].succeed(2)
        opening.tryNow()
        place.loop.advanceTime(by: .hours(1))
        #expect(place.attempts.count == 2)
    }

    @Test func whatIsCalledOffIsClosedHoweverFarItIs() {
        let waiting = Place()
        let opening = waiting.open()
        waiting.attempts[0].fail(Taken())
        opening.callOff()
        waiting.loop.advanceTime(by: .hours(1))
        #expect(waiting.attempts.count == 1)

        let underWay = Place()
        underWay.open().callOff()
        underWay.attempts[0].succeed(1)
        #expect(underWay.closed == [1])
        #expect(underWay.news == [])
    }
}
