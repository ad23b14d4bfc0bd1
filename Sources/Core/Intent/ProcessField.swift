package import Settings

/// A property of the settings that concerns the process, so that a reload compares it.
package struct ProcessField: Sendable, Hashable {
    /// For people; no two have the same.
    package let name: String
    /// True if the running process keeps what it has until it is started again.
    package let needsRestart: Bool
    private let isEqual: @Sendable (Settings, Settings) -> Bool
    fileprivate let copy: @Sendable (Settings, inout Settings) -> Void

    /// All of them, in the order in which a reload lists them: what needs a restart comes last.
    package static let all: [ProcessField] = {
        let all =
            [
                ProcessField("local AS", \.localAS),
                ProcessField("router ID", \.routerID),
                ProcessField("listen", \.listen),
                ProcessField("drain times", \.departure),
                ProcessField("services", \.services),
                ProcessField("interface", \.interface, needsRestart: true),
            ] + Settings.processRows.map(ProcessField.init)
        return all.filter { !$0.needsRestart } + all.filter(\.needsRestart)
    }()

    private init<Value: Equatable & Sendable>(
        _ name: String, _ property: any WritableKeyPath<Settings, Value> & Sendable, needsRestart: Bool = false
    ) {
        self.name = name
        self.needsRestart = needsRestart
        isEqual = { $0[keyPath: property] == $1[keyPath: property] }
        copy = { $1[keyPath: property] = $0[keyPath: property] }
    }

    private init(_ row: ProcessRow) {
        name = row.name
        needsRestart = row.needsRestart
        isEqual = { $0.isSame(row, in: $1) }
        copy = { $1.take(row, from: $0) }
    }

    /// Those that differ between two settings.
    static func differing(_ old: Settings, _ new: Settings) -> [ProcessField] {
        all.filter { !$0.isEqual(old, new) }
    }

    package static func == (left: ProcessField, right: ProcessField) -> Bool { left.name == right.name }

    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension Settings {
    /// The settings as far as they can be reached without a restart from `running`.
    package func keeping(from running: Settings) -> Settings {
        ProcessField.all.filter(\.needsRestart).reduce(into: self) { $1.copy(running, &$0) }
    }
}
