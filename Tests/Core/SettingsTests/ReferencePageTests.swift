import Foundation
import Testing

@testable import Settings

/// The tables of docs/settings.md come from the table of settings. Run the tests with BGPVIP_WRITE_DOCS=1 to write them.
@Suite struct `The reference page` {
    private static let beginning = "<!-- The tables from here on are written by the tests of Settings. -->\n"
    private static let end = "<!-- End of what the tests write. -->"

    private static var page: URL {
        // Tests/Core/SettingsTests/ReferencePageTests.swift lies four levels below the root.
        (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
            .appendingPathComponent("docs/settings.md")
    }

    private static func code(_ texts: [String]) -> String {
        texts.map { "`\($0)`" }.joined(separator: "<br>")
    }

    private static func row(_ setting: Setting) -> String {
        let theirs = setting.kubeVipEnvironment + setting.kubeVipFlags.map { "--\($0)" }
        let cells = [
            setting.fileKey.map { code([$0]) } ?? "", code(setting.flags.map { "--\($0)" }), code(setting.environment),
            code(theirs), setting.defaultText.map { code([$0]) } ?? "",
            "`\(setting.placeholder)` \(setting.help).",
        ]
        return "| " + cells.map { $0.replacingOccurrences(of: "|", with: "\\|") }.joined(separator: " | ") + " |\n"
    }

    private static var tables: String {
        Setting.Section.allCases.map { section in
            "\n### \(section.rawValue)\n\n| file | flag | environment | kube-vip | default | meaning |\n|---|---|---|---|---|---|\n"
                + Setting.all.filter { $0.section == section }.map(row).joined()
        }.joined() + "\n"
    }

    @Test func `says what the table of settings says`() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let parts = text.components(separatedBy: Self.beginning)
        let before = try #require(parts.first)
        let tail = try #require(parts.dropFirst().first?.components(separatedBy: Self.end))
        let after = try #require(tail.dropFirst().first)
        if ProcessInfo.processInfo.environment["BGPVIP_WRITE_DOCS"] != nil {
            try (before + Self.beginning + Self.tables + Self.end + after).write(
                to: Self.page, atomically: true, encoding: .utf8)
        } else {
            #expect(
                tail.first == Self.tables,
                "the page is stale: run BGPVIP_WRITE_DOCS=1 swift test --filter reference, then look at the difference"
            )
        }
    }

    @Test func `names every key of an entry`() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        for kind in [FileItemKind.vip, .check, .peer] {
            for key in kind.keys { #expect(text.contains("`\(key)`"), "\(key)") }
        }
    }
}
