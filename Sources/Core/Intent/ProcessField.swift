package import Settings

/// A property of the settings that concerns the process, so that a reload compares it.
package struct ProcessField: Sendable, Hashable {
    /// For people; no two have the same.
    package let name: String
    /// True if the running process keeps what it has until it is started again.
    package let needsRestart: Bool
    private let isEqual: @Sendable (Settings, Settings) -> Bool
    /// Leaves it in the settings as it is in the running ones.
    fileprivate let keep: @Sendable (inout Settings, Settings) -> Void

    /// All of them, in the order in which a reload lists them: what needs a restart comes last.
    package static let all: [ProcessField] = {
        let all =
            [
                ProcessField("local AS", { $0.localAS }),
                ProcessField("router ID", { $0.routerID }),
                ProcessField("listen", { $0.listen }),
                ProcessField("drain times", { $0.departure }),
                ProcessField("services", { $0.services }),
                ProcessField("interface", { $0.interface }, keep: { $0.interface = $1.interface }),
            ] + Settings.processRows.map(ProcessField.init)
        return all.filter { !$0.needsRestart } + all.filter(\.needsRestart)
    }()

    private init<Value: Equatable & Sendable>(
        _ name: String, _ value: @escaping @Sendable (Settings) -> Value,
        keep: (@Sendable (inout Settings, Settings) -> Void)? = nil
    ) {
        self.name = name
        needsRestart = keep != nil
        isEqual = { value($0) == value($1) }
        self.keep = keep ?? { _, _ in }
    }

    private init(_ row: ProcessRow) {
        name = row.name
        needsRestart = row.needsRestart
        isEqual = { $0.isSame(row, in: $1) }
        keep = { $0.take(row, from: $1) }
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
        ProcessField.all.filter(\.needsRestart).reduce(into: self) { $1.keep(&$0, running) }
    }
}
