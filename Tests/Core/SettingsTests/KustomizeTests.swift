import Foundation
import Testing

@testable import Settings

/// docs/kustomize is the DaemonSet as a base. Run the tests with BGPVIP_WRITE_DOCS=1 to write it.
@Suite struct `The base for Kustomize` {
    private static var directory: URL {
        // Tests/Core/SettingsTests/KustomizeTests.swift lies four levels below the root.
        (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
            .appendingPathComponent("docs/kustomize")
    }

    @Test func `has what bgpvip manifest daemonset prints`() throws {
        let file: FileText = ["localAS": "65001", "vips": ["10.255.0.1"], "peers": ["gateway:65000"]]
        let parts = try Manifest.daemonSetParts(load(tree: file.tree), image: "localhost/bgpvip:0.1.0", file: "")
        // Kustomize names the ConfigMap after its contents.
        let daemonSet = parts[2].split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.contains("annotations:") && !$0.contains("bgpvip/configuration") }.joined(separator: "\n")
        for (name, text) in [("namespace.yaml", parts[0]), ("daemonset.yaml", daemonSet)] {
            let url = Self.directory.appendingPathComponent(name)
            if ProcessInfo.processInfo.environment["BGPVIP_WRITE_DOCS"] != nil {
                try text.write(to: url, atomically: true, encoding: .utf8)
            } else {
                #expect(
                    try String(contentsOf: url, encoding: .utf8) == text,
                    "\(name) is stale: run BGPVIP_WRITE_DOCS=1 swift test --filter Kustomize, then look at the difference"
                )
            }
        }
    }
}
