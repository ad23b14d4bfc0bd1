import Foundation
import Testing

/// Tables of the documentation that come from the sources. Run the tests with BGPVIP_WRITE_DOCS=1 to write them.
struct SourcePageTests {
    private let tree = Tree()

    @Test func logsHasEveryMessage() throws {
        var rows: Set<String> = []
        for file in try tree.files(below: "Sources/Core/Wording/Log") {
            for message in Self.messages(in: file.text) { rows.insert(message) }
        }
        #expect(rows.count > 60)
        let order = ["error", "warning", "notice", "info", "debug"]
        let sorted = rows.sorted { left, right in
            let places = [left, right].map { row in order.firstIndex { row.hasPrefix("| `\($0)`") } ?? order.count }
            return places[0] == places[1] ? left < right : places[0] < places[1]
        }
        try tree.hold("docs/logs.md", "\n| level | message |\n|---|---|\n" + sorted.joined() + "\n")
    }

    @Test func exitStatusHasEveryCommand() throws {
        let rows = try tree.files(below: "Sources/bgpvip", suffix: "Command.swift").flatMap { file in
            file.text.components(separatedBy: ": ParsableCommand {").dropFirst().compactMap(Self.command)
        }
        #expect(rows.count > 6)
        try tree.hold(
            "docs/exit-status.md",
            "\n| command | exit status |\n|---|---|\n" + rows.sorted().joined() + "\n")
    }

    /// The rows of the messages that a file words: with its level, and with `…` where data is put in.
    private static func messages(in text: String) -> [String] {
        let call = /self\.init\(\s*([^")]*?)"((?:[^"\\]|\\\([^)]*\)|\\.)*)"(?: : "([^"]*)")?/
        let said = text.matches(of: call).flatMap { match -> [String] in
            var levels = match.1.matches(of: /\.(error|warning|notice|info|debug)\b/).map { String($0.1) }
            // The level of a verdict.
            if levels.isEmpty, match.1.contains(".level") { levels = ["error", "info"] }
            return levels.isEmpty ? [] : [match.2, match.3].compactMap { $0 }.compactMap { row(levels, $0) }
        }
        // The steps of leaving.
        return said + text.matches(of: /case \.[a-z]+: "([a-z][^"\\]{20,})"/).compactMap { row(["info"], $0.1) }
    }

    private static func row(_ levels: [String], _ message: Substring) -> String? {
        let text = message.replacing(/\\\([^"]*?\)+/, with: "…").replacing("|", with: "\\|")
        let shown = levels.map { "`\($0)`" }.joined(separator: ", ")
        return text.contains(/[a-zA-Z]{3}/) ? "| \(shown) | \(text) |\n" : nil
    }

    /// The row of a command, from what follows the beginning of its type: its help says what its exit status means.
    private static func command(_ text: String) -> String? {
        guard let name = text.firstMatch(of: /commandName: "([^"]+)"/)?.1,
            let meaning = text.firstMatch(of: /Exit status: ([\s\S]*?)\n *"""/)?.1
        else { return nil }
        return "| `\(name)` | \(meaning.replacing(/\\\n */, with: "")) |\n"
    }
}

extension Tree {
    /// Holds a page against a table that comes from the sources, or writes it with BGPVIP_WRITE_DOCS=1.
    func hold(_ page: String, _ table: String) throws {
        let beginning = "<!-- The table from here on is written by the tests of Architecture. -->\n"
        let end = "<!-- End of what the tests write. -->"
        let parts = try file(page).text.components(separatedBy: beginning)
        let before = try #require(parts.first)
        let tail = try #require(parts.dropFirst().first?.components(separatedBy: end))
        let after = try #require(tail.dropFirst().first)
        if ProcessInfo.processInfo.environment["BGPVIP_WRITE_DOCS"] != nil {
            try (before + beginning + table + end + after).write(
                to: root.appendingPathComponent(page), atomically: true, encoding: .utf8)
        } else {
            #expect(
                tail.first == table,
                "\(page) is stale: run BGPVIP_WRITE_DOCS=1 swift test --filter Architecture, then look at the difference"
            )
        }
    }
}
