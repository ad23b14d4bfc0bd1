import Foundation
import Settings
import Testing

@testable import ConfigFile

@Suite struct `A configuration file on disk` {
    /// Runs `body` with the path of a file of these bytes, which is removed afterwards.
    private func withFile(_ bytes: Data, _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("bgpvip-\(UUID().uuidString).yaml")
        try bytes.write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        try body(path.path)
    }

    @Test func `is read as it is`() throws {
        try withFile(Data("localAS: 65001\n".utf8)) { path in
            #expect(
                tree(ofFile: path)
                    == .success(node(.mapping([entry("localAS", node(.scalar("65001"), 1, 10), 1, 1)]), 1, 1)))
        }
    }

    @Test func `is refused with the reason`() throws {
        #expect(tree(ofFile: "/nonexistent") == .failure(FileFault("No such file or directory")))
        #expect(tree(ofFile: "/") == .failure(FileFault("it is not a regular file")))
        #expect(tree(ofFile: "/dev/zero") == .failure(FileFault("it is not a regular file")))
        #expect(tree(ofFile: "/nul\0l") == .failure(FileFault("No such file or directory")))
        try withFile(Data(repeating: 0x23, count: largestFile + 1)) { path in
            #expect(tree(ofFile: path) == .failure(FileFault("it is larger than 16 MiB")))
        }
        try withFile(Data("a: [".utf8)) { path in
            #expect(
                tree(ofFile: path)
                    == .failure(
                        FileFault(
                            "while parsing a flow node: did not find expected node content",
                            at: FilePlace(line: 2, column: 1))))
        }
    }
}

@Suite struct `The example in the documentation` {
    /// The text of the first YAML block of docs/settings.md.
    private func example() throws -> String {
        // Tests/Shell/ConfigFileTests/FileTests.swift lies four levels below the root.
        let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let page = try String(contentsOf: root.appendingPathComponent("docs/settings.md"), encoding: .utf8)
        return try #require(
            page.components(separatedBy: "```yaml\n").dropFirst().first?.components(separatedBy: "```").first)
    }

    @Test func `loads without errors and notices`() throws {
        let root = try tree(of: Array(try example().utf8))
        let loaded = try SettingsLoader.load(
            flags: ["config": ["/etc/bgpvip/bgpvip.yaml"]], environment: [:], readFile: { _ in .success("secret") },
            readTree: { _ in .success(root) })
        #expect(loaded.notices == [])
        #expect(loaded.settings.vips.map(\.checks) == [["api"], ["web", "tcp://127.0.0.1:53"]])
        #expect(loaded.settings.peers.map(\.holdTime) == [9, 3])
        #expect(loaded.settings.peers.map(\.password) == [Secret("secret"), Secret("secret")])
    }
}
