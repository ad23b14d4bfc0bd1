import Foundation
import Testing

@testable import Diagnosis

/// The table of docs/doctor.md comes from the findings. Run the tests with BGPVIP_WRITE_DOCS=1 to write it.
@Suite struct `The page of findings` {
    private static let beginning = "<!-- The table from here on is written by the tests of Diagnosis. -->\n"
    private static let end = "<!-- End of what the tests write. -->"

    private static var page: URL {
        // Tests/Core/DiagnosisTests/PageTests.swift lies four levels below the root.
        (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
            .appendingPathComponent("docs/doctor.md")
    }

    private static var table: String {
        "\n| code | severity | what it means | what to do |\n|---|---|---|---|\n"
            + Finding.Code.allCases.map { code in
                let kind = code.kind
                let remedy = Finding(code, "…", "").remedy
                return "| `\(code.rawValue)` | \(kind.severity.rawValue) | \(kind.consequence) | \(remedy) |\n"
            }.joined() + "\n"
    }

    @Test func `has a row for each finding, as doctor says it`() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let parts = text.components(separatedBy: Self.beginning)
        let before = try #require(parts.first)
        let tail = try #require(parts.dropFirst().first?.components(separatedBy: Self.end))
        let after = try #require(tail.dropFirst().first)
        if ProcessInfo.processInfo.environment["BGPVIP_WRITE_DOCS"] != nil {
            try (before + Self.beginning + Self.table + Self.end + after).write(
                to: Self.page, atomically: true, encoding: .utf8)
        } else {
            #expect(
                tail.first == Self.table,
                "the page is stale: run BGPVIP_WRITE_DOCS=1 swift test --filter findings, then look at the difference")
        }
    }
}
