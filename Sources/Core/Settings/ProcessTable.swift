/// A setting of the process: by it a value is read and set.
package struct ProcessSetting<Value: Sendable & Hashable>: Sendable {
    package let setting: Setting
    /// Its value if it is left out.
    fileprivate let initial: Value
}

/// The same setting, whatever the type of its value.
package struct ProcessRow: Sendable {
    package let setting: Setting
    /// What a reload calls it; no two have the same.
    package let name: String
    /// True if the running process keeps what it has until it is started again.
    package let needsRestart: Bool
    /// Reads it and sets it, unless its text is bad, which is then an error.
    let read: @Sendable (inout Reading, inout ProcessValues) -> Void
}

/// The rows, in the order in which they are added.
struct ProcessRows {
    /// Turns a text, whose blanks are trimmed, into a value.
    typealias Parser<Value> = @Sendable (String) throws(Complaint) -> Value

    private(set) var all: [ProcessRow] = []

    /// Adds a setting that is nil if it is left out, or what `text` says, if it has such a default.
    mutating func add<Value: Sendable & Hashable>(
        _ name: String, called: String? = nil, _ placeholder: String, default text: String? = nil,
        _ parse: @escaping Parser<Value?>, needsRestart: Bool = false, _ help: String
    ) -> ProcessSetting<Value?> {
        add(
            Setting(name, .process, placeholder, default: text, help), called: called, needsRestart: needsRestart,
            initial: text.flatMap { try? parse($0) }, parse)
    }

    /// Adds a setting with one of a few words.
    mutating func add<Value: Sendable & Hashable & RawRepresentable<String>>(
        _ name: String, called: String? = nil, _ placeholder: String, default value: Value,
        _ parse: @escaping Parser<Value>, needsRestart: Bool = false, _ help: String
    ) -> ProcessSetting<Value> {
        add(
            Setting(name, .process, placeholder, default: value.rawValue, help), called: called,
            needsRestart: needsRestart, initial: value, parse)
    }

    /// Adds a setting that is true or false.
    mutating func add(
        _ name: String, called: String? = nil, default value: Bool, needsRestart: Bool = false, _ help: String
    ) -> ProcessSetting<Bool> {
        add(
            Setting(name, .process, as: .boolean, "true|false", default: "\(value)", help), called: called,
            needsRestart: needsRestart, initial: value, ValueText.boolean)
    }

    private mutating func add<Value: Sendable & Hashable>(
        _ setting: Setting, called name: String?, needsRestart: Bool, initial: Value, _ parse: @escaping Parser<Value>
    ) -> ProcessSetting<Value> {
        let row = ProcessSetting(setting: setting, initial: initial)
        all.append(
            ProcessRow(setting: setting, name: name ?? setting.name, needsRestart: needsRestart) { reading, values in
                if let value = reading.value(setting, parse) { values[row] = value }
            })
        return row
    }
}

/// What the settings of the process are set to.
struct ProcessValues: Sendable, Hashable {
    /// A value may be nil, which a cast would take for a failure if it stood there by itself.
    private struct Box<Value: Sendable & Hashable>: Sendable, Hashable {
        let value: Value
    }

    /// A value of any type.
    private struct Changed: Sendable, Hashable {
        let box: any Sendable & Hashable

        static func == (left: Changed, right: Changed) -> Bool { AnyHashable(left.box) == AnyHashable(right.box) }

        func hash(into hasher: inout Hasher) { box.hash(into: &hasher) }
    }

    /// Only what differs from the default.
    private var changed: [Setting: Changed] = [:]

    subscript<Value>(setting: ProcessSetting<Value>) -> Value {
        get {
            guard let box = changed[setting.setting]?.box as? Box<Value> else { return setting.initial }
            return box.value
        }
        set { changed[setting.setting] = newValue == setting.initial ? nil : Changed(box: Box(value: newValue)) }
    }

    /// True if the setting is the same in both.
    func isSame(_ setting: Setting, in other: ProcessValues) -> Bool { changed[setting] == other.changed[setting] }

    /// Takes over how the setting is set.
    mutating func take(_ setting: Setting, from other: ProcessValues) { changed[setting] = other.changed[setting] }
}

extension Settings {
    /// What a setting of the process is set to, by its row in `process`.
    package subscript<Value>(setting: ProcessSetting<Value>) -> Value {
        get { processValues[setting] }
        set { processValues[setting] = newValue }
    }

    /// True if the setting of a row is the same in both.
    package func isSame(_ row: ProcessRow, in other: Settings) -> Bool {
        processValues.isSame(row.setting, in: other.processValues)
    }

    /// Takes over what the setting of a row is set to.
    package mutating func take(_ row: ProcessRow, from other: Settings) {
        processValues.take(row.setting, from: other.processValues)
    }
}
