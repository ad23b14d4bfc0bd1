import Foundation
import Testing

/// docs/json.md comes from the types that are written as JSON. Run the tests with BGPVIP_WRITE_DOCS=1 to write it.
struct JSONPageTests {
    private let tree = Tree()
    /// In the order of the page. `check --json` is in docs/settings.md, where the settings are.
    private static let types = [
        "Status", "PeerStatus", "BFDStatus", "MessageCounts", "RouteStatus", "UndeliveredStatus", "VIPStatus",
        "ListenerStatus", "VIPDrainStatus", "CheckStatus", "HistogramStatus", "DepartureStatus", "ReloadStatus",
        "RoutePage",
        "WhyChain", "Step", "ServicesStatus", "FeedStatus", "ServiceStatus", "ServiceAddressStatus", "WhyService",
        "Event", "ReloadAnswer", "DoctorAnswer", "Finding",
    ]

    /// A key of an object.
    private struct Key {
        var name: Substring
        var type: Substring
        var meaning: String
    }

    @Test func jsonHasEveryKey() throws {
        let texts = try tree.files(below: "Sources").map(\.text)
        var page = ""
        for type in Self.types {
            let heads = ["Codable", "Encodable"].map { "struct \(type): \($0)" }
            let text = try #require(texts.first { text in heads.contains { text.contains($0) } }, "\(type)")
            let keys = Self.keys(of: type, in: text)
            #expect(keys.filter(\.meaning.isEmpty).map(\.name) == [], "\(type) has keys without a meaning")
            page += "\n### \(type)\n\n| key | value | meaning |\n|---|---|---|\n"
            page += keys.map { "| `\($0.name)` | \(Self.value($0.type)) | \($0.meaning) |\n" }.joined()
        }
        try tree.hold("docs/json.md", page + "\n")
    }

    /// The stored properties of a type, each with the comment in front of it.
    private static func keys(of type: String, in text: String) -> [Key] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        lines = lines.drop { !$0.contains("struct \(type): ") }
        guard let first = lines.popFirst() else { return [] }
        let indent = String(first.prefix { $0 == " " })
        var keys: [Key] = []
        var comment: [String] = []
        for line in lines.prefix(while: { $0 != indent + "}" }) {
            if let words = line.firstMatch(of: /^ *\/\/\/ ?(.*)$/)?.1 {
                comment.append(String(words))
                continue
            }
            // Deeper lines are those of initialisers and of types inside.
            if let property = line.firstMatch(of: /^( *)(?:package )?var (\w+)(?:: ([^={]+?))?(?: = \w+)?$/),
                property.1 == indent + "    "
            {
                keys.append(Key(name: property.2, type: property.3 ?? "Int", meaning: comment.joined(separator: " ")))
            }
            comment = []
        }
        return keys
    }

    /// The kind of value, with a link to the table of an object.
    private static func value(_ type: Substring) -> String {
        if type.hasSuffix("?") { return value(type.dropLast()) + ", optional" }
        if type == "[String: String]" { return "object of texts" }
        if type.hasPrefix("[") { return "list: \(value(type.dropFirst().dropLast()))" }
        return switch type {
        case "Int", "UInt32", "Double": "number"
        case "Bool": "boolean"
        case _ where types.contains(String(type)): "[\(type)](#\(type.lowercased()))"
        default: "text"
        }
    }
}
