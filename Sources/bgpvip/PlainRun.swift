import Settings

/// The usual start of the daemon: `run` and flags with values, as manifests write it.
///
/// The argument parser builds its tree of some ninety options by reflection, several times over: half of the processor
/// time before the first SYN, and memory that the daemon then keeps. What is as plain as this does without; for
/// everything else, from `--help` to a misspelt flag, the parser decides and words the answer.
enum PlainRun {
    /// The values by flag name without dashes; nil if the argument parser is needed.
    static func flags(in arguments: some Sequence<String>) -> [String: [String]]? {
        var words = arguments.makeIterator()
        guard let command = words.next(), command == "run" || command == "manager" else { return nil }
        let known = self.known
        var flags: [String: [String]] = [:]
        var next = words.next()
        while let word = next {
            next = words.next()
            guard word.hasPrefix("--") else { return nil }
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let bare = known[name] else { return nil }
            let value: String
            if parts.count > 1 {
                value = String(parts[1])
            } else if bare.takes(next) {
                value = next ?? ""
                next = words.next()
            } else if bare == .needsValue {
                return nil
            } else {
                value = "true"
            }
            if value.hasPrefix("-") { return nil }
            if !value.isEmpty { flags[name, default: []].append(value) }
        }
        return flags
    }

    /// Every flag there is, and what it means when it stands alone.
    private static var known: [String: BareFlag] {
        var flags: [String: BareFlag] = [:]
        for setting in Setting.all {
            for name in setting.flags { flags[name] = setting.bareFlag }
        }
        for variable in KubeVipVariable.all {
            if let name = variable.flag { flags[name] = variable.bareFlag }
        }
        return flags
    }
}
