import IPTypes

/// Lines of a configuration, and comments among them.
struct ConfigText {
    /// What a comment begins with.
    let mark: String
    private(set) var text = ""
    private var noted: Set<[String]> = []

    init(mark: String) {
        self.mark = mark
    }

    /// Adds lines, without those that are nil.
    mutating func add(_ lines: String?...) {
        for case let line? in lines { text += line + "\n" }
    }

    /// Adds comments, without those that are nil, unless the same were added before: what two sessions have in common
    /// is said once.
    mutating func note(_ lines: String?...) {
        guard noted.insert(lines.compactMap { $0 }).inserted else { return }
        for case let line? in lines { text += line.isEmpty ? "\(mark)\n" : "\(mark) \(line)\n" }
    }

    /// The command that shows a route in the Linux kernel.
    static func kernelRoute(_ prefix: IPPrefix) -> String {
        "ip \(prefix.address.isIPv4 ? "-4" : "-6") route show \(prefix)"
    }

    /// Adds the commands with which to see that all is well, as comments.
    mutating func verify(_ commands: String?...) {
        note("", "Verify:")
        for case let command? in commands { note("  \(command)") }
    }
}
