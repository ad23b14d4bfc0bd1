/// A setting's text and who gave it.
struct GivenText: Hashable {
    var text: String
    var origin: Origin
    /// True for one entry of a file's list, which is not taken apart at commas.
    var isEntry = false
}

/// A value and the place in the settings it was read from.
struct Located<Value> {
    var value: Value
    var origin: Origin
    var entry: Int?
    var column: Int?

    /// Another value at the same place.
    func with<Other>(_ other: Other) -> Located<Other> {
        Located<Other>(value: other, origin: origin, entry: entry, column: column)
    }

    /// An error at this place.
    func error(_ problem: String, _ remedy: String? = nil) -> SettingError {
        SettingError(origin: origin, entry: entry, column: column, problem: problem, remedy: remedy)
    }
}

/// Turns given texts into values and collects everything that is wrong on the way.
struct Reading {
    /// What was given, at most one origin a setting; several texts if a flag was repeated.
    private(set) var given: [Setting: [GivenText]]
    /// The entries of `vips`, `checks` and `peers`, if a file gives them and nothing else does.
    let items: [Setting: [FileItem]]
    /// The settings that the entry being read has of its own; empty outside of entries.
    private(set) var own: Set<Setting> = []
    var errors: [SettingError] = []
    var notices: [String] = []

    init(_ given: [Setting: [GivenText]], items: [Setting: [FileItem]] = [:]) {
        self.given = given
        self.items = items
    }

    /// True if the setting was given.
    func has(_ key: Setting) -> Bool { given[key] != nil || items[key] != nil }

    /// Who gave the setting.
    func origin(_ key: Setting) -> Origin {
        given[key]?.first?.origin ?? items[key]?.first?.origin ?? .default
    }

    /// What a setting is called where it was given: `hold-time`, in a file `holdTime`.
    func name(_ key: Setting) -> String {
        (origin(key).isFile ? key.fileKey : nil) ?? key.name
    }

    /// How to give a setting that is missing.
    func ways(_ key: Setting) -> String {
        let others = "--\(key.name) or \(key.environment.first ?? "")"
        guard has(.config), let fileKey = key.fileKey else { return "give \(others)" }
        return "give \(fileKey) in \(texts(.config).first?.text ?? "the file"), or \(others)"
    }

    /// A setting as one would write it.
    func example(_ key: Setting, _ text: String) -> String {
        guard has(.config), let fileKey = key.fileKey else { return "--\(key.name) \(text)" }
        return "\(fileKey): \(text)"
    }

    /// Reads with what an entry of a file has of its own in front of the general settings.
    mutating func within<Value>(_ item: FileItem?, _ read: (inout Reading) -> Value) -> Value {
        guard let item, !item.own.isEmpty else { return read(&self) }
        let general = given
        given.merge(item.own) { $1 }
        own = Set(item.own.keys)
        defer {
            given = general
            own = []
        }
        return read(&self)
    }

    /// The setting's value, or its default's; nil if there is neither, or if the text is bad, which is then an error.
    mutating func value<Value>(
        _ key: Setting, _ parse: (String) throws(Complaint) -> Value
    ) -> Value? {
        let texts = texts(key)
        guard let text = texts.first else { return nil }
        if texts.count > 1 {
            errors.append(
                SettingError(origin: text.origin, problem: "was given \(texts.count) times", remedy: "give it once"))
            return nil
        }
        do throws(Complaint) {
            return try parse(text.text.trimmed)
        } catch {
            complain(error, text.origin)
            return nil
        }
    }

    /// The entries of a list setting that are good; the others become errors. Empty entries are skipped.
    mutating func list<Value>(
        _ key: Setting, split: (String) -> [ListEntry] = ListEntry.separatedByCommas,
        _ parse: (String, Origin) throws(Complaint) -> Value
    ) -> [Located<Value>] {
        var values: [Located<Value>] = []
        var entries = 0
        for text in texts(key) {
            if text.isEntry {
                do throws(Complaint) {
                    values.append(Located(value: try parse(text.text.trimmed, text.origin), origin: text.origin))
                } catch {
                    complain(error, text.origin)
                }
                continue
            }
            for entry in split(text.text) {
                entries += 1
                do throws(Complaint) {
                    let value = try parse(entry.text, text.origin)
                    values.append(
                        Located(value: value, origin: text.origin, entry: entries, column: entry.offset + 1))
                } catch {
                    complain(error, text.origin, entry: entries, offset: entry.offset)
                }
            }
        }
        return values
    }

    /// Adds `complaint` to the errors, now that its place is known.
    mutating func complain(_ complaint: Complaint, _ origin: Origin, entry: Int? = nil, offset: Int = 0) {
        errors.append(
            SettingError(
                origin: origin, entry: entry, column: entry.map { _ in offset + complaint.offset + 1 },
                problem: complaint.problem, remedy: complaint.remedy))
    }

    /// The value of a text in an entry of a file; nil if there is none, or if it is bad, which is then an error.
    mutating func value<Value>(_ text: GivenText?, _ parse: (String) throws(Complaint) -> Value) -> Value? {
        guard let text else { return nil }
        do throws(Complaint) {
            return try parse(text.text.trimmed)
        } catch {
            complain(error, text.origin)
            return nil
        }
    }

    /// Adds an error about a setting as a whole.
    mutating func fail(_ key: Setting, _ problem: String, _ remedy: String? = nil) {
        errors.append(SettingError(origin: origin(key), problem: problem, remedy: remedy))
    }

    /// The texts to read: the given ones, or the default.
    func texts(_ key: Setting) -> [GivenText] {
        given[key] ?? key.defaultText.map { [GivenText(text: $0, origin: .default)] } ?? []
    }
}

/// One entry of a list, blanks trimmed.
struct ListEntry: Hashable {
    var text: String
    /// Characters in front of it.
    var offset: Int

    /// The entries between commas that are not empty.
    static func separatedByCommas(_ text: String) -> [ListEntry] {
        separated(text) { rest in rest.first == "," }
    }

    /// The entries between separators that are not empty; `isSeparator` is asked for the text from each comma on.
    static func separated(_ text: String, where isSeparator: (Substring) -> Bool) -> [ListEntry] {
        var entries: [ListEntry] = []
        var start = text.startIndex
        var startOffset = 0
        var offset = 0
        func finish(at end: String.Index) {
            let entry = text[start..<end]
            let blanks = entry.prefix { $0.isWhitespace }.count
            let trimmed = String(entry).trimmed
            if !trimmed.isEmpty { entries.append(ListEntry(text: trimmed, offset: startOffset + blanks)) }
        }
        for index in text.indices {
            if text[index] == ",", isSeparator(text[index...]) {
                finish(at: index)
                start = text.index(after: index)
                startOffset = offset + 1
            }
            offset += 1
        }
        finish(at: text.endIndex)
        return entries
    }
}

extension StringProtocol {
    /// The text without blanks at both ends.
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
