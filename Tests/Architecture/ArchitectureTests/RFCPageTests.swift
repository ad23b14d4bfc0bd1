import Foundation
import Testing

/// docs/rfc.md says what is done and which test shows it. Here the page is held against the tests and scenarios there
/// are, so that it cannot promise what nothing shows.
struct RFCPageTests {
    private let tree = Tree()

    /// One line of a table below a heading with an RFC in it.
    private struct Line {
        var number: Int
        var section: String
        var rule: String
        var status: String
        var explanation: String
        var proof: String

        /// A cell row of five; nil for the header of a table and the rule below it.
        init?(_ number: Int, _ text: Substring) {
            let cells = text.split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 7, cells[1] != "§", !cells[1].hasPrefix("---") else { return nil }
            (self.number, section, rule, status, explanation, proof) =
                (number, cells[1], cells[2], cells[3], cells[4], cells[5])
        }

        /// Named tests: what the link says, and the file it leads to, relative to the root.
        var tests: [(name: String, path: String)] {
            proof.matches(of: /\[([^\]]+)\]\(\.\.\/([^)]+)\)/).map { (String($0.1), String($0.2)) }
        }

        /// Named scenarios of the interop suite.
        var scenarios: [String] {
            proof.matches(of: /`interop\/run ([a-z0-9_ ]+)`/)
                .flatMap { $0.1.split(separator: " ").map(String.init) }
        }

        /// What of the last cell is neither a test nor a scenario nor punctuation.
        var rest: String {
            proof.replacing(/\[[^\]]+\]\(\.\.\/[^)]+\)/, with: "").replacing(/`interop\/run [a-z0-9_ ]+`/, with: "")
                .filter { $0 != "," && $0 != " " }
        }
    }

    private let statuses: Set = ["done", "differs", "not"]

    /// All RFCs of a BGP speaker that advertises a few routes and keeps none.
    private let numbers = [
        1997, 2385, 2545, 2918, 4271, 4360, 4456, 4486, 4724, 4760, 5065, 5082, 5492, 5880, 5881, 5882, 5883, 5925,
        6286, 6608, 6793, 7313,
        7606, 7607, 7911, 8092, 8203, 8212, 8326, 8538, 8654, 8950, 9003, 9072, 9234, 9384, 9494, 9687, 9774,
    ]

    private func page() throws -> [(heading: String, lines: [Line])] {
        var sections: [(heading: String, lines: [Line])] = []
        for (number, text) in try tree.file("docs/rfc.md").lines {
            if text.hasPrefix("#") {
                sections.append((String(text), []))
            } else if text.hasPrefix("|"), let index = sections.indices.last,
                sections[index].heading.contains("RFC "), let line = Line(number, text)
            {
                sections[index].lines.append(line)
            }
        }
        return sections
    }

    private func lines() throws -> [Line] { try page().flatMap(\.lines) }

    @Test func everyLineHasASectionARuleAndAStatusOfTheThree() throws {
        let lines = try lines()
        #expect(lines.count > 100)
        for line in lines {
            #expect(!line.section.isEmpty && !line.rule.isEmpty, "line \(line.number)")
            #expect(statuses.contains(line.status), "line \(line.number) has the status \(line.status)")
        }
    }

    @Test func noTableLineIsOverlooked() throws {
        let text = try tree.file("docs/rfc.md").lines
        let tables = text.filter { $0.text.hasPrefix("|") && !$0.text.hasPrefix("|---") && !$0.text.hasPrefix("| § ") }
        let overview = tables.filter { $0.text.split(separator: "|").count == 2 }
        #expect(
            try lines().map(\.number)
                == tables.map(\.number).filter { number in
                    !overview.contains { $0.number == number }
                })
    }

    @Test func whatIsDoneOrDoneInAnotherWayIsShownByATest() throws {
        for line in try lines() where line.status != "not" {
            #expect(!line.tests.isEmpty || !line.scenarios.isEmpty, "line \(line.number): \(line.rule)")
        }
    }

    @Test func whatIsNotDoneOrDoneInAnotherWayHasAReason() throws {
        for line in try lines() where line.status != "done" {
            #expect(line.explanation.count > 10, "line \(line.number): \(line.rule)")
        }
    }

    @Test func theLastCellNamesNothingButTestsAndScenarios() throws {
        for line in try lines() {
            #expect(line.rest == "" || line.rest == "–", "line \(line.number) says \(line.rest)")
        }
    }

    @Test func everyNamedTestExists() throws {
        var known: [String: Set<String>] = [:]
        for line in try lines() {
            for (name, path) in line.tests {
                guard tree.exists(path) else {
                    Issue.record("line \(line.number): there is no \(path)")
                    continue
                }
                let names = try known[path] ?? testNames(in: tree.file(path))
                known[path] = names
                #expect(names.contains(name), "line \(line.number): \(path) has no test \(name)")
            }
        }
    }

    @Test func everyNamedScenarioExists() throws {
        let scenarios = try scenarioNames()
        #expect(scenarios.contains("session_up") && scenarios.contains("bird_session"))
        for line in try lines() {
            for name in line.scenarios {
                #expect(scenarios.contains(name), "line \(line.number): there is no scenario \(name)")
            }
        }
    }

    @Test func everyRFCThatTouchesTheProgramHasAHeading() throws {
        let headings = try page().filter { !$0.lines.isEmpty }.map(\.heading)
        for number in numbers {
            #expect(headings.contains { $0.contains("\(number)") }, "RFC \(number)")
        }
    }

    @Test func everyRFCThatTheProtocolRoomsCiteIsOnThePage() throws {
        // Not about BGP: how addresses are written and what they mean, and neighbour discovery.
        let others: Set = ["3986", "4291", "4443", "4861", "5952"]
        let text = try tree.file("docs/rfc.md").text
        let rooms = ["Core/BGPWire", "Core/BGPFSM", "Core/Advertising", "Core/SpeakerCore", "Shell/BGPTransport"]
        var missing: Set<String> = []
        for file in try rooms.flatMap({ try tree.files(below: "Sources/\($0)") }) {
            for match in file.text.matches(of: /RFC ([0-9]+)/)
            where !others.contains(String(match.1)) && !text.contains(String(match.1)) {
                missing.insert("\(file.path) cites RFC \(match.1)")
            }
        }
        #expect(missing.sorted() == [])
    }

    // MARK: - What there is

    /// The names of all tests in a file, those of functions and those for display.
    private func testNames(in file: Tree.File) -> Set<String> {
        var names: Set<String> = []
        for piece in file.text.split(separator: "@Test", omittingEmptySubsequences: false).dropFirst() {
            if let match = piece.firstMatch(of: /func (?:`([^`]+)`|([A-Za-z0-9_]+))\s*\(/) {
                names.insert(String(match.1 ?? match.2 ?? ""))
            }
            if let match = piece.prefixMatch(of: /\(\s*"([^"\n]+)"/) { names.insert(String(match.1)) }
        }
        return names
    }

    /// What `interop/run --list` lists: the scenarios of the rack, and those for every router program with its name in
    /// front. A scenario is a function that the list of its folder names.
    private func scenarioNames() throws -> Set<String> {
        func functions(_ folder: String, where isWanted: (String) -> Bool) throws -> Set<String> {
            let files = try tree.files(below: folder, suffix: ".py").filter { isWanted($0.path) }
            let list = try tree.file("\(folder)/__init__.py").text
            let listed = Set(list.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init))
            return listed.intersection(
                files.flatMap { $0.text.matches(of: /(?m)^def ([a-z0-9_]+)\(/).map { String($0.1) } })
        }
        let programs = try tree.file("interop/lab/routers/__init__.py").text
            .matches(of: /from lab\.routers\.([a-z0-9]+) import/).map { String($0.1) }
        let perRouter = try functions("interop/scenarios/routers") { _ in true }
        return try functions("interop/scenarios") { !$0.contains("/routers/") }
            .union(programs.flatMap { program in perRouter.map { "\(program)_\($0)" } })
    }
}
