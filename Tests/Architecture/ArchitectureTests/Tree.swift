import Foundation

/// The project's own files, as the tests of its rules see them.
struct Tree {
    /// The folder that holds Package.swift.
    let root: URL

    init(filePath: String = #filePath) {
        // Tests/Architecture/ArchitectureTests/Tree.swift lies four levels below the root.
        root = (0..<4).reduce(URL(fileURLWithPath: filePath)) { url, _ in url.deletingLastPathComponent() }
    }

    /// A file and where it lies, relative to the root.
    struct File {
        var path: String
        var text: String

        /// Lines with their numbers, counted from 1.
        var lines: [(number: Int, text: Substring)] {
            text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { ($0 + 1, $1) }
        }

        /// Lines without comments and without what stands between quotes on one line.
        var code: [(number: Int, text: String)] {
            var isInMultilineString = false
            return lines.compactMap { number, line in
                let opens = line.components(separatedBy: "\"\"\"").count - 1
                defer { if opens % 2 == 1 { isInMultilineString.toggle() } }
                if isInMultilineString || opens > 0 { return nil }
                var code = ""
                var isInString = false
                var previous: Character = " "
                for character in line {
                    if character == "\"" && previous != "\\" { isInString.toggle() }
                    if !isInString && previous == "/" && character == "/" {
                        code.removeLast()
                        break
                    }
                    if !isInString { code.append(character) }
                    previous = character
                }
                return (number, code)
            }
        }

        /// What a link to a heading of this document ends with, behind the `#`.
        var anchors: Set<String> {
            var isCode = false
            return Set(
                lines.compactMap { _, line in
                    if line.drop(while: { $0 == " " }).hasPrefix("```") { isCode.toggle() }
                    guard !isCode, let heading = line.firstMatch(of: /^#+ (.+)$/)?.1 else { return nil }
                    let kept = heading.lowercased().filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }
                    return kept.replacing(" ", with: "-")
                })
        }

        /// Modules the file imports.
        var imports: [String] {
            lines.compactMap { _, line in
                let words = line.split(separator: " ").map(String.init)
                guard let index = words.firstIndex(of: "import"), !line.contains("//"),
                    words[..<index].allSatisfy({ $0.hasPrefix("@") || ["package", "internal", "public"].contains($0) }),
                    words.indices.contains(index + 1)
                else { return nil }
                return words[index + 1]
            }
        }
    }

    /// All files below `folder` whose name ends in `suffix`, sorted by path.
    func files(below folder: String, suffix: String = ".swift") throws -> [File] {
        let base = root.appendingPathComponent(folder)
        let names = try FileManager.default.subpathsOfDirectory(atPath: base.path)
        return try names.filter { $0.hasSuffix(suffix) }.sorted().map { name in
            File(
                path: "\(folder)/\(name)",
                text: try String(contentsOf: base.appendingPathComponent(name), encoding: .utf8))
        }
    }

    /// One file by its path below the root.
    func file(_ path: String) throws -> File {
        File(path: path, text: try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8))
    }

    /// True if there is a file or folder at this path below the root.
    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    /// Entries of a folder by name, without hidden ones.
    func entries(of folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)
            .filter { !$0.hasPrefix(".") }.sorted()
    }
}
