import ControlSocket
import Settings

/// The JSON of `bgpvip check --json`, described in docs/settings.md.
struct CheckAnswer: Encodable {
    /// Every setting in the order of the table; empty if one of them is wrong.
    var settings: [Row] = []
    var notices: [String]
    /// What the settings come to on the node that was asked; absent if they are wrong.
    var node: Node?
    /// kube-vip's variables that have no effect.
    var ignored: [String] = []
    /// Everything that is wrong.
    var errors: [Fault] = []

    /// A setting, or what an entry of a list says for itself.
    struct Row: Encodable {
        /// `hold-time`, or `peers[192.0.2.1].holdTime`.
        var name: String
        /// As given, secrets masked; absent if it was not given and has no default.
        var value: String?
        var origin: Place
    }

    struct Node: Encodable {
        /// The interface that the VIPs are bound to.
        var interface: String
        /// Absent if there is no address yet to take it from.
        var routerID: String?
        /// Absent if no interface has the router ID as its address.
        var routerIDInterface: String?
        /// The IPv6 address that the router ID is derived from; absent if it is configured or an IPv4 address of the node.
        var routerIDDerivedFrom: String?
    }

    struct Fault: Encodable {
        /// Place, problem and remedy in one line.
        var message: String
        var problem: String
        var remedy: String?
        /// Absent if the fault is that something was not given.
        var origin: Place?
        /// Which entry of a list, from 1.
        var entry: Int?
        /// Where in the text, in characters from 1.
        var column: Int?
    }

    /// Where a value comes from.
    struct Place: Encodable {
        /// `flag`, `argument`, `environment`, `kube-vip-flag`, `kube-vip-environment`, `file` or `default`.
        var kind: String
        /// Of the flag, without dashes, of the argument or of the variable.
        var name: String?
        /// Of the file, with line and column from 1.
        var path: String?
        var line: Int?
        var column: Int?
    }
}

extension CheckAnswer {
    /// - Parameter faults: what is wrong with files that the settings name.
    init(_ loaded: LoadedSettings, on view: NodeView, faults: [String] = []) {
        settings = loaded.resolved.flatMap { setting in
            [Row(name: setting.key.name, value: setting.value, origin: Place(setting.origin))]
                + setting.options.map { Row(name: $0.path, value: $0.value, origin: Place($0.origin)) }
        }
        notices = loaded.notices + loaded.advice(on: view)
        node = Node(
            interface: loaded.settings.interface, routerID: view.routerID.map { "\($0.identifier)" },
            routerIDInterface: view.routerIDInterface,
            routerIDDerivedFrom: view.routerID?.derivedFrom.map { "\($0)" })
        ignored = loaded.ignored
        errors = faults.map { Fault(message: $0, problem: $0) }
    }

    init(_ invalid: InvalidSettings) {
        notices = invalid.notices
        errors = invalid.errors.map { error in
            Fault(
                message: "\(error)", problem: error.problem, remedy: error.remedy, origin: error.origin.map(Place.init),
                entry: error.entry, column: error.column)
        }
    }
}

extension CheckAnswer.Place {
    fileprivate init(_ origin: Origin) {
        switch origin {
        case .flag(let name): self.init(kind: "flag", name: name)
        case .argument(let name): self.init(kind: "argument", name: name)
        case .environment(let name): self.init(kind: "environment", name: name)
        case .kubeVipFlag(let name): self.init(kind: "kube-vip-flag", name: name)
        case .kubeVipEnvironment(let name): self.init(kind: "kube-vip-environment", name: name)
        case .file(let path, let place):
            self.init(kind: "file", path: path, line: place.line, column: place.column)
        case .default: self.init(kind: "default")
        }
    }
}

/// The answer as text.
func text(_ answer: CheckAnswer) throws -> String {
    try json(answer, .pretty) + "\n"
}
