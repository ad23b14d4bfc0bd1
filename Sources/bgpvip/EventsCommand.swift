import ArgumentParser
import ControlSocket
import Glibc
import Settings
import SpeakerCore
import Wording

/// `bgpvip events`: what has happened.
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show what has happened, oldest first: sessions, verdicts, VIPs, routes, BFD, drains.",
        discussion: """
            The daemon keeps the last thousand events. With --json, the events are one array; with --follow too, each is \
            an object on a line of its own.

            Exit status: 0, or 3 if the daemon cannot be reached. With --follow, a daemon that is gone is awaited.
            """)

    @Flag(help: "Keep printing new events until interrupted.")
    var follow = false

    @Option(help: ArgumentHelp("Leave out what happened longer ago than this, for example 10m.", valueName: "time"))
    var since: Span?

    @OptionGroup var control: ControlOptions

    func run() throws {
        guard follow else {
            var reader = EventReader(seconds: since?.seconds)
            var events: [Event] = []
            while let page = try control.ask({ client throws(ControlClientError) in try reader.next(from: client) }) {
                events += page
            }
            let text =
                control.json
                ? try json(events, .pretty) + "\n" : events.map { eventText($0, .standardOutput) }.joined()
            return print(text, terminator: "")
        }
        try followEvents()
    }

    private func followEvents() throws {
        var reader = EventReader(seconds: since?.seconds)
        var isReached = true
        while true {
            switch try control.result({ client throws(ControlClientError) in try reader.next(from: client) }) {
            case .success(let events):
                isReached = true
                for event in events ?? [] {
                    print(
                        control.json ? try json(event, .compact) + "\n" : eventText(event, .standardOutput),
                        terminator: "")
                }
                fflush(nil)
                if events == nil { usleep(300_000) }
            case .failure(let error):
                if isReached { _ = failure("\(error); waiting for it", exitCode: error.exitCode) }
                isReached = false
                sleep(1)
            }
        }
    }
}

/// Reads the events page by page, also those of the daemon that follows one that has ended.
struct EventReader {
    private let seconds: Int?
    private var startedAt: String?
    private(set) var last = 0

    init(seconds: Int?) {
        self.seconds = seconds
    }

    /// The next events; nil if there are none yet.
    mutating func next(from client: ControlClient) throws(ControlClientError) -> [Event]? {
        take(try client.events(after: last, seconds: seconds))
    }

    /// What is new in a page; an empty answer, and not nil, if it is another daemon's and has to be asked for anew.
    mutating func take(_ page: EventPage) -> [Event]? {
        defer { startedAt = page.startedAt }
        if let startedAt, startedAt != page.startedAt {
            last = 0
            return []
        }
        guard let newest = page.events.last else { return nil }
        last = newest.number
        return page.events
    }
}

/// A span of time: `500ms`, `90s`, `10m`, `24h`.
struct Span: ExpressibleByArgument {
    /// Whole seconds, rounded up.
    let seconds: Int

    init?(argument: String) {
        guard let span = ValueText.span(argument)?.components else { return nil }
        seconds = Int(span.seconds) + (span.attoseconds > 0 ? 1 : 0)
    }
}
