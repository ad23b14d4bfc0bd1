import SpeakerCore
import Testing

@testable import bgpvip

/// `bgpvip events` reads page by page.
struct EventReaderTests {
    private func page(_ startedAt: String, _ numbers: ClosedRange<Int>?) -> EventPage {
        EventPage(
            startedAt: startedAt,
            events: (numbers.map(Array.init) ?? []).map {
                Event(number: $0, time: "t", code: "advertised", level: "info", message: "m", fields: [:])
            })
    }

    @Test func `each event is shown once, and at the end there are none`() {
        var reader = EventReader(seconds: nil)
        #expect(reader.take(page("a", 1...100))?.count == 100)
        #expect(reader.last == 100)
        #expect(reader.take(page("a", 101...103))?.map(\.number) == [101, 102, 103])
        #expect(reader.take(page("a", nil)) == nil)
    }

    @Test func `another daemon's events are read from the first`() {
        var reader = EventReader(seconds: nil)
        _ = reader.take(page("a", 1...7))
        #expect(reader.take(page("b", 8...9)) == [])
        #expect(reader.last == 0)
        #expect(reader.take(page("b", 1...9))?.count == 9)
    }

    @Test(arguments: [("10m", 600), ("1.5s", 2), ("90", 90), ("2h", 7200), ("1ms", 1)])
    func `a span of time is whole seconds`(text: String, seconds: Int) {
        #expect(Span(argument: text)?.seconds == seconds)
    }

    @Test(arguments: ["", "0", "-1s", "soon", "1d", "99999999999999999999h"])
    func `what is no span of time is refused`(text: String) {
        #expect(Span(argument: text) == nil)
    }
}
