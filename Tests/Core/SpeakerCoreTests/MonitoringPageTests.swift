import Foundation
import Testing

@testable import SpeakerCore

/// docs/monitoring.md names every stable word that programs may act on.
struct MonitoringPageTests {
    private static var page: String {
        get throws {
            // Tests/Core/SpeakerCoreTests/MonitoringPageTests.swift lies four levels below the root.
            let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
            return try String(contentsOf: root.appendingPathComponent("docs/monitoring.md"), encoding: .utf8)
        }
    }

    @Test func `every code of an event, a VIP's reason and a VIP's change is there`() throws {
        let page = try Self.page
        let words =
            EventCode.allCases.map(\.rawValue) + VIPReason.allCases.map(\.rawValue)
            + Change.VIPState.allCases.map(\.rawValue)
        #expect(words.filter { !page.contains("`\($0)`") } == [])
    }

    @Test func `every variable of a change is there`() throws {
        let page = try Self.page
        let changes = [
            Change(
                subject: .vip(Rack.vip, from: .withdrawn, to: .advertised, verdict: "", reason: "", code: ""),
                node: "n"),
            Change(subject: .session(Rack.tor, peerAS: "", isUp: true, reason: "", isPlanned: false), node: "n"),
        ]
        let names = Set(changes.flatMap(\.environment).map(\.name))
        #expect(names.filter { !page.contains("`\($0)`") } == [])
    }
}
