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
                ProcessField("local AS", { $0.localAS }, { $0.localAS = $1 }),
                ProcessField("router ID", { $0.routerID }, { $0.routerID = $1 }),
                ProcessField("listen", { $0.listen }, { $0.listen = $1 }),
                ProcessField("drain times", { $0.departure }, { $0.departure = $1 }),
                ProcessField("services", { $0.services }, { $0.services = $1 }),
                ProcessField("interface", { $0.interface }, { $0.interface = $1 }, needsRestart: true),
            ] + Settings.processRows.map(ProcessField.init)
        return all.filter { !$0.needsRestart } + all.filter(\.needsRestart)
    }()

    private init<Value: Equatable & Sendable>(
        _ name: String, _ value: @escaping @Sendable (Settings) -> Value,
        _ set: @escaping @Sendable (inout Settings, Value) -> Void, needsRestart: Bool = false
    ) {
        self.name = name
        self.needsRestart = needsRestart
        isEqual = { value($0) == value($1) }
        copy = { set(&$1, value($0)) }
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
