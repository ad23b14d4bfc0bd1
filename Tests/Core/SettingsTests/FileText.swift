@testable import Settings

/// A configuration file, written as Swift literals; places are those of the block YAML that looks the same.
enum FileText: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    case scalar(String)
    case sequence([FileText])
    case mapping([(String, FileText)])

    init(stringLiteral text: String) { self = .scalar(text) }
    init(arrayLiteral items: FileText...) { self = .sequence(items) }
    init(dictionaryLiteral entries: (String, FileText)...) { self = .mapping(entries) }

    /// The tree, if the text begins on the first line.
    var tree: FileNode {
        var line = 1
        return node(line: &line, column: 1)
    }

    /// Counts `line` on to the first line behind the value.
    private func node(line: inout Int, column: Int) -> FileNode {
        let place = FilePlace(line: line, column: column)
        switch self {
        case .scalar(let text):
            line += 1
            return FileNode(.scalar(text), at: place)
        case .sequence(let items):
            let nodes = items.map { $0.node(line: &line, column: column + 2) }
            if items.isEmpty { line += 1 }
            return FileNode(.sequence(nodes), at: place)
        case .mapping(let entries):
            let nodes = entries.map { key, value in
                let place = FilePlace(line: line, column: column)
                if case .scalar = value {
                    return FileEntry(key, value.node(line: &line, column: column + key.count + 2), at: place)
                }
                line += 1
                return FileEntry(key, value.node(line: &line, column: column + 2), at: place)
            }
            if entries.isEmpty { line += 1 }
            return FileNode(.mapping(nodes), at: place)
        }
    }
}

extension FileText {
    /// The file that says just enough, followed by `more`.
    static func least(_ more: KeyValuePairs<String, FileText>) -> FileNode {
        FileText.mapping(
            [("localAS", "65001"), ("vips", ["10.9.9.9"]), ("peers", ["10.0.0.1:65000"])] + more.map { ($0, $1) }
        ).tree
    }
}

/// A place in the file that `load` reads.
func place(_ line: Int, _ column: Int) -> Origin { .file("b.yaml", FilePlace(line: line, column: column)) }
