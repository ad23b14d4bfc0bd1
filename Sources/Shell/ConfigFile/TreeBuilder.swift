package import Settings

/// How deep values may lie in each other.
package let deepestNesting = 32
/// How many values a file may have.
package let mostValues = 1_000_000

/// The values of a YAML text with their places; an empty text is an empty mapping. Nothing in the text can trap.
package func tree(of bytes: [UInt8]) throws(FileFault) -> FileNode {
    guard bytes.count <= largestFile else { throw FileFault("it is larger than \(largestFile >> 20) MiB") }
    // Typed errors do not pass through the buffer's closure.
    let result: Result<FileNode, FileFault> = bytes.withUnsafeBufferPointer { text in
        do throws(FileFault) {
            return .success(try tree(of: text))
        } catch {
            return .failure(error)
        }
    }
    return try result.get()
}

private func tree(of text: UnsafeBufferPointer<UInt8>) throws(FileFault) -> FileNode {
    var reader = try EventReader(text)
    var builder = TreeBuilder()
    while true {
        let (event, place) = try reader.next()
        switch event {
        case .documentStart: try builder.beginDocument(at: place)
        case .scalar(let text): try builder.add(FileNode(.scalar(text), at: place))
        case .sequenceStart: try builder.open(isMapping: false, at: place)
        case .mappingStart: try builder.open(isMapping: true, at: place)
        case .collectionEnd: try builder.close()
        case .streamEnd: return builder.root ?? FileNode(.mapping([]), at: FilePlace(line: 1, column: 1))
        case .other: break
        }
    }
}

/// Puts values into each other as they come; a stack, so that depth costs no recursion.
private struct TreeBuilder {
    /// A sequence or mapping that has not ended.
    struct Collection {
        var isMapping: Bool
        var place: FilePlace
        var nodes: [FileNode] = []
        var entries: [FileEntry] = []
        /// The key that waits for its value.
        var key: (text: String, place: FilePlace)?

        var isKeyDue: Bool { isMapping && key == nil }

        var node: FileNode { FileNode(isMapping ? .mapping(entries) : .sequence(nodes), at: place) }
    }

    private(set) var root: FileNode?
    private var hasDocument = false
    private var open: [Collection] = []
    private var count = 0

    mutating func beginDocument(at place: FilePlace) throws(FileFault) {
        if hasDocument {
            throw FileFault("a second document begins here", "put everything into one, without \"---\"", at: place)
        }
        hasDocument = true
    }

    mutating func open(isMapping: Bool, at place: FilePlace) throws(FileFault) {
        if open.last?.isKeyDue == true { throw Self.keyIsNoText(place) }
        guard open.count < deepestNesting else {
            throw FileFault("values nest more than \(deepestNesting) deep", at: place)
        }
        open.append(Collection(isMapping: isMapping, place: place))
    }

    mutating func close() throws(FileFault) {
        if let collection = open.popLast() { try add(collection.node) }
    }

    /// Adds a value to the innermost collection, or a key if one is due.
    mutating func add(_ node: FileNode) throws(FileFault) {
        count += 1
        guard count <= mostValues else { throw FileFault("there are more than \(mostValues) values", at: node.place) }
        guard let innermost = open.indices.last else {
            root = node
            return
        }
        if !open[innermost].isMapping {
            open[innermost].nodes.append(node)
        } else if let key = open[innermost].key {
            open[innermost].entries.append(FileEntry(key.text, node, at: key.place))
            open[innermost].key = nil
        } else if case .scalar(let text) = node.content {
            open[innermost].key = (text, node.place)
        } else {
            throw Self.keyIsNoText(node.place)
        }
    }

    private static func keyIsNoText(_ place: FilePlace) -> FileFault {
        FileFault("a key is a text, and this is not", "quote values that begin with { or [", at: place)
    }
}
