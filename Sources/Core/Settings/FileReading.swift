/// What a configuration file says, before its texts are turned into values.
struct FileReading {
    /// Settings that are one text or a list of texts.
    private(set) var given: [Setting: [GivenText]] = [:]
    /// The entries of `vips`, `checks` and `peers`, where they are more than a text.
    private(set) var items: [Setting: [FileItem]] = [:]
    private(set) var errors: [SettingError] = []
    private let path: String

    /// Every setting that the file says something about, in general or by entries.
    var keys: Set<Setting> { Set(given.keys).union(items.keys) }

    /// Reads the file's tree; `path` is what messages call the file.
    init(_ root: FileNode, path: String) {
        self.path = path
        let keys = Dictionary(uniqueKeysWithValues: Setting.all.compactMap { row in row.fileKey.map { ($0, row) } })
        for entry in entries(of: root, "the file", known: Array(keys.keys)) {
            guard let setting = keys[entry.key] else { continue }
            read(entry, as: setting)
        }
    }

    private mutating func read(_ entry: FileEntry, as setting: Setting) {
        guard let kind = setting.itemKind, !entry.value.isScalar else {
            if setting == .bfd, case .mapping = entry.value.content {
                given.merge(parts(entry, of: .bfd, Setting.bfdParts)) { $1 }
            } else if setting == .services, case .mapping = entry.value.content {
                given.merge(parts(entry, of: .services, Setting.servicesParts)) { $1 }
            } else {
                given[setting] = texts(entry, of: setting)
            }
            return
        }
        items[setting] = items(entry, kind, isNamed: setting == .check)
        // The last VIP can be removed while the daemon runs.
        if items[setting]?.isEmpty == true, setting != .vip, errors.last?.origin != origin(entry.place) {
            fail(
                entry.value.place, "the list is empty",
                setting == .check ? "write none, or leave it out" : "write at least one entry")
        }
    }

    // MARK: Entries of vips, checks and peers

    private mutating func items(_ entry: FileEntry, _ kind: FileItemKind, isNamed: Bool) -> [FileItem] {
        switch entry.value.content {
        case .mapping where !isNamed:
            fail(entry.place, "\(entry.key) is a list, and this is a mapping", "put \"- \" in front of each entry")
            return []
        case .mapping:
            return entries(of: entry.value, entry.key, known: nil).compactMap { check in
                var item = item(check.value, kind)
                item?.name = GivenText(text: check.key, origin: origin(check.place))
                return item
            }
        case .sequence(let nodes):
            return nodes.compactMap { item($0, kind) }
        case .scalar:
            return scalar(entry.value).map { [FileItem(origin: $0.origin, text: $0)] } ?? []
        }
    }

    private mutating func item(_ node: FileNode, _ kind: FileItemKind) -> FileItem? {
        switch node.content {
        case .scalar:
            return scalar(node).map { FileItem(origin: $0.origin, text: $0) }
        case .sequence:
            fail(node.place, "is a list, where an entry should be", "remove one of the two \"-\" or brackets")
            return nil
        case .mapping:
            break
        }
        var item = FileItem(origin: origin(node.place))
        for entry in entries(of: node, "this entry", known: kind.keys) {
            if kind.settings[entry.key] == .bfd, case .mapping = entry.value.content {
                item.own.merge(parts(entry, of: .bfd, Setting.bfdParts)) { $1 }
            } else if let key = kind.settings[entry.key] {
                item.own[key] = texts(entry, of: key)
            } else if entry.key == "checks", kind.fields[entry.key] != nil {
                item.checks = items(entry, .check, isNamed: false)
            } else if let isList = kind.fields[entry.key] {
                item.fields[entry.key] = texts(entry, isList: isList)
            }
        }
        return item
    }

    /// A switch as a mapping: each key stands for a setting, and that it is there turns the switch on.
    private mutating func parts(
        _ entry: FileEntry, of key: Setting, _ keys: [String: Setting]
    ) -> [Setting: [GivenText]] {
        var given = [key: [GivenText(text: "true", origin: origin(entry.place))]]
        for part in entries(of: entry.value, entry.key, known: Array(keys.keys)) {
            if let key = keys[part.key] { given[key] = texts(part, of: key) }
        }
        return given
    }

    // MARK: Texts

    private mutating func texts(_ entry: FileEntry, of key: Setting) -> [GivenText]? {
        // Only where no entry at all is a wish of its own: a VIP without the general communities.
        let mayBeEmpty = [Setting.communities, .largeCommunities, .extendedCommunities].contains(key)
        return texts(entry, isList: key.form == .list, mayBeEmpty: mayBeEmpty)
    }

    private mutating func texts(_ entry: FileEntry, isList: Bool, mayBeEmpty: Bool = false) -> [GivenText]? {
        switch entry.value.content {
        case .scalar:
            return scalar(entry.value).map { [$0] }
        case .sequence(let nodes) where isList:
            if nodes.isEmpty, !mayBeEmpty {
                fail(entry.value.place, "the list is empty", "leave \(entry.key) out")
            }
            return nodes.compactMap { node in
                guard node.isScalar else {
                    fail(node.place, "an entry of \(entry.key) is a text, and this is not")
                    return nil
                }
                var text = scalar(node)
                text?.isEntry = true
                return text
            }
        case .sequence:
            fail(entry.place, "\(entry.key) has one value, and this is a list", "give one value")
        case .mapping:
            fail(entry.place, "\(entry.key) has no keys of its own", isList ? "give a list" : "give one value")
        }
        return nil
    }

    private mutating func scalar(_ node: FileNode) -> GivenText? {
        guard case .scalar(let text) = node.content else { return nil }
        guard !text.trimmed.isEmpty else {
            fail(node.place, "the value is empty", "give one, or leave the key out")
            return nil
        }
        // It would end the text unseen where the kernel takes it: a path, a password, an argument.
        guard !text.utf8.contains(0) else {
            fail(node.place, "the value contains a NUL character")
            return nil
        }
        return GivenText(text: text, origin: origin(node.place))
    }

    // MARK: Mappings

    /// The entries of a mapping whose keys are known and stand there once.
    /// - Parameter known: nil if any key will do.
    private mutating func entries(of node: FileNode, _ what: String, known: [String]?) -> [FileEntry] {
        guard case .mapping(let all) = node.content else {
            fail(node.place, "\(what) is not a mapping", "write KEY: VALUE, one on each line")
            return []
        }
        let known = known.map(Set.init)
        var seen: [String: FilePlace] = [:]
        return all.filter { entry in
            if let known, !known.contains(entry.key) {
                let similar = entry.key.mostSimilar(among: known.sorted()).map { "did you mean \($0)?" }
                fail(
                    entry.place, "\(ValueText.quoted(entry.key)) is not a key here",
                    similar ?? (known.count < 20 ? "known are \(known.sorted().joined(separator: ", "))" : nil))
                return false
            }
            if let first = seen[entry.key] {
                fail(
                    entry.place, "\(ValueText.quoted(entry.key)) is given twice, first on line \(first.line)",
                    "remove one of them")
                return false
            }
            seen[entry.key] = entry.place
            return true
        }
    }

    private func origin(_ place: FilePlace) -> Origin { .file(path, place) }

    private mutating func fail(_ place: FilePlace, _ problem: String, _ remedy: String? = nil) {
        errors.append(SettingError(origin: origin(place), problem: problem, remedy: remedy))
    }
}

extension FileNode {
    fileprivate var isScalar: Bool {
        if case .scalar = content { true } else { false }
    }
}

extension Setting {
    /// What an entry of this setting can be in a file, if it can be more than a text.
    fileprivate var itemKind: FileItemKind? {
        switch self {
        case .vip: .vip
        case .check: .check
        case .peers: .peer
        default: nil
        }
    }
}
