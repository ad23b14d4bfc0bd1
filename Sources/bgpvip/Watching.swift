import ArgumentParser
import ControlSocket
import Glibc
import IPTypes
import SpeakerCore
import Wording

/// What a command answers.
struct Answer {
    var text: String
    /// False makes the exit status 1.
    var isGood: Bool
}

/// The option `--watch`.
struct WatchOptions: ParsableArguments {
    @Flag(help: "Show it again every second until interrupted.")
    var watch = false
}

extension ControlOptions {
    /// Prints what `answer` makes of the daemon's status as far as `scope` goes, once or again and again.
    func show(
        _ scope: StatusScope, watching isWatching: Bool = false, while isWanted: (Status) -> Bool = { _ in true },
        _ answer: (Status, TextStyle) throws -> Answer
    ) throws {
        if isWatching { try watch(scope, isWanted, answer) }
        let status = try ask { client throws(ControlClientError) in try client.status(scope, while: isWanted) }
        let answer = try answer(status, .standardOutput)
        print(answer.text, terminator: "")
        if !answer.isGood { throw ExitCode(1) }
    }

    /// Shows the answer each second, and why there is none while the daemon is gone; ends only by a signal or if the
    /// question itself is wrong.
    private func watch(
        _ scope: StatusScope, _ isWanted: (Status) -> Bool, _ answer: (Status, TextStyle) throws -> Answer
    ) throws {
        let screen = Screen()
        while true {
            switch try result({ client throws(ControlClientError) in try client.status(scope, while: isWanted) }) {
            case .success(let status): screen.draw(try answer(status, .standardOutput).text)
            case .failure(let error) where screen.isTerminal: screen.draw("error: \(error)\n")
            case .failure(let error): _ = failure("\(error)", exitCode: error.exitCode)
            }
            sleep(1)
        }
    }
}

extension ControlOptions {
    /// The status of the VIP that an address on the command line means, with the routes to it. Ends the command if there is
    /// none.
    func status(of vip: String) throws -> (vip: VIPStatus, status: Status) {
        if let prefix = IPPrefix(parsing: vip) {
            let status = try ask { client throws(ControlClientError) in
                try client.status(StatusScope(routes: .none, vip: prefix))
            }
            if let found = status.vip(at: vip) { return (found, status) }
        }
        // A prefix that is shorter than a host route may be given without its length.
        let all = try ask { client throws(ControlClientError) in try client.status(StatusScope(routes: .none)) }
        guard let found = all.vip(at: vip), let prefix = IPPrefix(parsing: found.prefix) else {
            throw unknownVIP(vip, in: all)
        }
        let status = try ask { client throws(ControlClientError) in
            try client.status(StatusScope(routes: .none, vip: prefix))
        }
        return (status.vip(at: vip) ?? found, status)
    }
}

/// Standard output, drawn again and again.
private struct Screen {
    let isTerminal = isatty(STDOUT_FILENO) == 1

    init() {
        if isTerminal { print("\u{1B}[2J", terminator: "") }
    }

    /// Shows the text instead of the one before on a terminal, and behind it elsewhere.
    func draw(_ text: String) {
        guard isTerminal, let rows = windowSize()?.ws_row, rows > 1 else {
            print(text, terminator: "")
            fflush(nil)
            return
        }
        // Over the old text and not on a cleared screen, which would flicker; what does not fit would scroll.
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        if lines.count >= rows {
            let rest = lines.count - Int(rows) + 2
            lines = lines.prefix(Int(rows) - 2) + ["… \(rest) more lines"]
        }
        print("\u{1B}[H" + lines.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J", terminator: "")
        fflush(nil)
    }
}

/// The size of the terminal that is standard output; nil if it is none, or does not know.
private func windowSize() -> winsize? {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return size
}

extension TextStyle {
    /// As the terminal is that standard output leads to, if it leads to one. `NO_COLOR` takes away the colours
    /// (no-color.org), and so does `TERM=dumb`.
    static var standardOutput: TextStyle {
        guard isatty(STDOUT_FILENO) == 1 else { return .plain }
        func variable(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
        return TextStyle(
            width: windowSize().map { Int($0.ws_col) } ?? 80,
            isColoured: variable("NO_COLOR").isEmpty && variable("TERM") != "dumb")
    }
}
