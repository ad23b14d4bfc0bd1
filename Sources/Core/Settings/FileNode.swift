/// One value of a configuration file and where it stands: what YAML comes to, before anyone knows what it means.
package struct FileNode: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        /// Text as written, quotation marks and escapes resolved.
        case scalar(String)
        case sequence([FileNode])
        case mapping([FileEntry])
    }

    package var content: Content
    package var place: FilePlace

    package init(_ content: Content, at place: FilePlace) {
        self.content = content
        self.place = place
    }
}

/// One key of a mapping and its value.
package struct FileEntry: Sendable, Hashable {
    package var key: String
    /// Where the key stands.
    package var place: FilePlace
    package var value: FileNode

    package init(_ key: String, _ value: FileNode, at place: FilePlace) {
        self.key = key
        self.value = value
        self.place = place
    }
}

/// A place in a text file.
package struct FilePlace: Sendable, Hashable {
    /// From 1.
    package var line: Int
    /// In characters, from 1.
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// Why a configuration file says nothing: it cannot be read, or it is not YAML.
package struct FileFault: Error, Sendable, Hashable {
    /// Nil if the fault is not at one place.
    package var place: FilePlace?
    package var problem: String
    package var remedy: String?

    package init(_ problem: String, _ remedy: String? = nil, at place: FilePlace? = nil) {
        self.place = place
        self.problem = problem
        self.remedy = remedy
    }
}
