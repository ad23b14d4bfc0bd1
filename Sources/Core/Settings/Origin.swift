/// Where a setting's text came from.
package enum Origin: Sendable, Hashable, CustomStringConvertible {
    /// A flag, by its name without dashes.
    case flag(String)
    /// An argument of the command that is no flag, by the name that its help gives it.
    case argument(String)
    /// One of our environment variables.
    case environment(String)
    /// A flag of kube-vip's, by its name without dashes.
    case kubeVipFlag(String)
    /// An environment variable of kube-vip's.
    case kubeVipEnvironment(String)
    /// A configuration file, by its path as given, and the place of the value or key in it.
    case file(String, FilePlace)
    /// It was not given.
    case `default`

    package var description: String {
        switch self {
        case .flag(let name), .kubeVipFlag(let name): "flag --\(name)"
        case .argument(let name): "argument <\(name)>"
        // The name of a variable that is no setting may have any character.
        case .environment(let name), .kubeVipEnvironment(let name): "environment \(name.onOneLine)"
        case .file(let path, let place): "\(path):\(place.line):\(place.column)"
        case .default: "default"
        }
    }

    /// True if kube-vip's grammar applies to the text.
    var isKubeVip: Bool {
        switch self {
        case .kubeVipFlag, .kubeVipEnvironment: true
        case .flag, .argument, .environment, .file, .default: false
        }
    }

    /// True for kube-vip's port, which is no choice of a check: it only says where the API server is.
    var isKubeVipPort: Bool { self == .kubeVipEnvironment("port") || self == .kubeVipFlag("port") }

    /// True if the text is an argument of the command.
    var isArgument: Bool {
        if case .argument = self { true } else { false }
    }

    /// True if every local user sees the text: `ps` shows the command line.
    var isPublic: Bool {
        switch self {
        case .flag, .kubeVipFlag: true
        case .argument, .environment, .kubeVipEnvironment, .file, .default: false
        }
    }

    /// True if the text comes from a configuration file.
    var isFile: Bool {
        if case .file = self { true } else { false }
    }
}

/// What is wrong with the settings, where, and what to do about it.
package struct SettingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Nil if the fault is that something was not given.
    package var origin: Origin?
    /// Which entry of a list, from 1.
    package var entry: Int?
    /// Where in the text, in characters from 1.
    package var column: Int?
    package var problem: String
    package var remedy: String?

    package var description: String {
        var place = origin.map { "\($0)" } ?? ""
        if let entry { place += ", entry \(entry)" }
        if let column { place += ", column \(column)" }
        if !place.isEmpty { place += ": " }
        return place + problem + (remedy.map { "; \($0)" } ?? "")
    }
}

/// What a parser has against a text, before it is known where the text came from.
struct Complaint: Error, Hashable {
    var problem: String
    var remedy: String?
    /// Characters in front of the fault.
    var offset: Int

    init(_ problem: String, _ remedy: String? = nil, offset: Int = 0) {
        self.problem = problem
        self.remedy = remedy
        self.offset = offset
    }
}
