import Foundation
import Testing

/// The rules of the house, held against the files. docs/architecture.md is the source of the import rules.
struct ArchitectureTests {
    let tree = Tree()

    /// Room → modules it may import, read from the table "Rooms" of docs/architecture.md.
    private func rooms() throws -> [String: Set<String>] {
        var rooms: [String: Set<String>] = [:]
        for (_, line) in try tree.file("docs/architecture.md").lines where line.hasPrefix("| `Sources/") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            let room = cells[0].trimmingCharacters(in: CharacterSet(charactersIn: "`"))
            let modules = cells[1].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            rooms[room] = Set(modules.filter { $0 != "nothing" })
        }
        return rooms
    }

    @Test func everyRoomImportsWhatTheDocumentSays() throws {
        let rooms = try rooms()
        var differences: [String] = []
        for (room, allowed) in rooms {
            let files = try tree.files(below: room)
            for file in files {
                for module in file.imports where !allowed.contains(module) {
                    differences.append("\(file.path) imports \(module)")
                }
            }
            for module in allowed.subtracting(files.flatMap(\.imports)) {
                differences.append("\(room) does not import \(module)")
            }
        }
        #expect(!rooms.isEmpty)
        #expect(differences.sorted() == [])
    }

    @Test func roomsOfTheShellDoNotImportOneAnother() throws {
        let rooms = try rooms().filter { $0.key.hasPrefix("Sources/Shell/") && $0.key != "Sources/Shell/Daemon" }
        let names = Set(rooms.keys.compactMap { $0.split(separator: "/").last.map(String.init) })
        for (room, imports) in rooms { #expect(imports.intersection(names) == [], "\(room)") }
    }

    @Test func everyRoomIsInTheDocument() throws {
        let found =
            try ["Sources/Core", "Sources/Shell"].flatMap { house in
                try tree.entries(of: house).map { "\(house)/\($0)" }
            } + ["Sources/bgpvip"]
        #expect(Set(found) == Set(try rooms().keys).union(["Sources/Shell/CLinuxShim", "Sources/Shell/CYAML"]))
    }

    @Test func coreReadsNoClockNoRandomnessAndStartsNoTask() throws {
        let forbidden = [
            "ContinuousClock", "SuspendingClock", ".random(", "SystemRandomNumberGenerator", "Task {", "Task.",
            "import Foundation", "import Glibc", "import NIO", "import Logging", "Mutex", "print(",
        ]
        var violations: [String] = []
        for file in try tree.files(below: "Sources/Core") {
            for (number, line) in file.code {
                for word in forbidden where line.contains(word) {
                    violations.append("\(file.path):\(number) has \(word)")
                }
            }
        }
        #expect(violations == [])
    }

    /// Outside of the room Wording a line of the log is made of a fact, and what a fact carries is data.
    @Test func theWordsOfTheLogAreInOneRoom() throws {
        var violations: [String] = []
        for file in try tree.files(below: "Sources") where !file.path.hasPrefix("Sources/Core/Wording/") {
            for (number, line) in file.lines {
                let isWorded = line.contains(/\bLogLine\(\s*(\.(debug|info|notice|warning|error)\b|")/)
                // A literal that is more than the description of one value.
                let fact = line.firstMatch(of: /\b(?:link\.log|link\.trace|tell)\((.*)/)?.1 ?? ""
                let isText = fact.replacing(/"\\\([A-Za-z.]+\)"/, with: "").contains("\"")
                if isWorded || isText { violations.append("\(file.path):\(number)") }
            }
        }
        #expect(violations == [])
        #expect(try !tree.file("Sources/Core/Wording/Log/LogLine.swift").text.contains("package init(_ level"))
    }

    @Test func nothingInSourcesCanTrapOnInput() throws {
        let forbidden = ["try!", "as!", "fatalError(", "precondition(", "preconditionFailure(", "unsafelyUnwrapped"]
        var violations: [String] = []
        for file in try tree.files(below: "Sources") {
            for (number, line) in file.code {
                for word in forbidden where line.contains(word) {
                    violations.append("\(file.path):\(number) has \(word)")
                }
                // A force unwrap: an exclamation mark right behind a name, bracket or parenthesis.
                let unwrap = /[A-Za-z0-9_)\]>]!(?![=])/
                if line.contains(unwrap) { violations.append("\(file.path):\(number) unwraps by force") }
            }
        }
        #expect(violations == [])
    }

    @Test func fullFoundationIsNowhereInSources() throws {
        let users = try tree.files(below: "Sources").filter { $0.imports.contains("Foundation") }.map(\.path)
        #expect(users == [])
    }

    /// Files that may be longer than the ceiling, each with its reason.
    private let longFiles: [String: String] = [:]

    @Test func noFileIsLongerThanFourHundredLines() throws {
        let long = try (tree.files(below: "Sources") + tree.files(below: "Tests"))
            .filter { $0.lines.count > 400 && longFiles[$0.path] == nil }
            .map { "\($0.path): \($0.lines.count)" }
        #expect(long == [])
    }

    @Test func everyPathNamedInADocumentExists() throws {
        var missing: [String] = []
        let documents = try tree.files(below: "docs", suffix: ".md") + [try tree.file("README.md")]
        for document in documents {
            for match in document.text.matches(of: /`((?:Sources|Tests|interop|docs|\.ci)\/[A-Za-z0-9_+.\/-]*)`/) {
                let path = String(match.1)
                if !tree.exists(path) { missing.append("\(document.path) names \(path)") }
            }
        }
        #expect(missing == [])
    }

    @Test func everyInvariantIsHeldByATestThatExists() throws {
        let section = try tree.file("docs/architecture.md").text.components(separatedBy: "\n## ")
            .first { $0.hasPrefix("Invariants\n") }
        let rows = try #require(section).split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
        let tests = try tree.files(below: "Tests")
        let missing = rows.filter { row in
            guard let named = row.firstMatch(of: /`([A-Za-z]+)`: `([^`]+)` \|$/) else { return true }
            return !tests.contains { file in
                file.text.contains("struct \(named.1) {")
                    && ["func \(named.2)(", "func `\(named.2)`("].contains { file.text.contains($0) }
            }
        }
        #expect(rows.count > 15)
        #expect(missing == [])
    }

    @Test func everyLinkInADocumentLeadsSomewhere() throws {
        let documents =
            try tree.files(below: "docs", suffix: ".md") + ["README.md", "interop/README.md"].map(tree.file)
        let anchors = Dictionary(uniqueKeysWithValues: documents.map { ($0.path, $0.anchors) })
        var broken: [String] = []
        for document in documents {
            let folder = URL(fileURLWithPath: "/" + document.path).deletingLastPathComponent()
            for link in document.text.matches(of: /\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/) {
                let target =
                    link.1.isEmpty
                    ? document.path
                    : String(folder.appendingPathComponent(String(link.1)).standardized.path.dropFirst())
                let leadsToHeading = link.2.map { anchor in anchors[target]?.contains(String(anchor)) ?? false }
                if !tree.exists(target) || leadsToHeading == false { broken.append("\(document.path): \(link.0)") }
            }
        }
        #expect(broken == [])
    }

    @Test func theTopLevelHoldsWhatItShouldAndNothingElse() throws {
        let allowed: Set = ["LICENSE", "Package.swift", "README.md", "Sources", "Tests", "docs", "interop"]
        // The package manager writes this one, and git ignores it.
        let found = Set(try tree.entries(of: ".")).subtracting(["Package.resolved"])
        #expect(found == allowed)
    }
}
