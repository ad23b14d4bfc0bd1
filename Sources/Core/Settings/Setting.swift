/// One setting: the row of the table that flags, environment names, help and reference come from, and the key that it is
/// known by from then on.
package final class Setting: Sendable, Hashable {
    /// What a setting's text looks like, as far as the command line must know it.
    package enum Form: Sendable, Hashable {
        case text
        /// `true` or `false`.
        case boolean
        /// Comma separated; the flag may also be repeated.
        case list
    }

    /// The heading a setting stands under in the help.
    package enum Section: String, Sendable, Hashable, CaseIterable {
        case vips = "Virtual IP addresses"
        case peers = "Peers and sessions"
        case routes = "Route attributes"
        case checks = "Checks"
        case services = "Services of type LoadBalancer"
        case process = "Process"
    }

    /// Its flag without the dashes; no two have the same.
    package let name: String
    package let section: Section
    package let form: Form
    /// Other flags for the same setting.
    private let synonyms: [String]
    /// What stands for the value in the help.
    package let placeholder: String
    /// The text that means the same as leaving the setting out; nil if nothing does.
    package let defaultText: String?
    /// What the setting does, as one or two sentences without a final full stop.
    package let help: String
    /// True if the text may contain a password.
    package let isSecret: Bool

    init(
        _ name: String, _ section: Section, as form: Form = .text, _ placeholder: String,
        default text: String? = nil, synonyms: [String] = [], isSecret: Bool = false, _ help: String
    ) {
        self.name = name
        self.section = section
        self.form = form
        self.placeholder = placeholder
        self.defaultText = text
        self.synonyms = synonyms
        self.help = help
        self.isSecret = isSecret
    }

    /// True if they are the same row.
    package static func == (left: Setting, right: Setting) -> Bool { left === right }

    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

    /// A text of this setting as it may be shown.
    package func shown(_ text: String) -> String { isSecret ? "***" : text }

    /// True if the bare flag means `true`: wherever `true` is one of the values.
    package var isTrueWhenBare: Bool { placeholder.split(separator: "|").contains("true") }

    /// True if a text means `true` or `false`.
    package static func isBoolean(_ text: String) -> Bool { (try? ValueText.boolean(text)) != nil }

    /// Flag names without the leading dashes; the first is the one we print.
    package var flags: [String] { [name] + synonyms }

    /// The key in a configuration file; nil for what a file cannot say.
    package var fileKey: String? {
        switch self {
        case .config: return nil
        // What can be more than a text has the plural.
        case .vip: return "vips"
        case .check: return "checks"
        default:
            let words = name.split(separator: "-")
            return (words.first.map(String.init) ?? "")
                + words.dropFirst().map { word in
                    ["as", "ca", "id"].contains(word)
                        ? word.uppercased() : word.prefix(1).uppercased() + word.dropFirst()
                }.joined()
        }
    }

    /// Environment names; the first is the one we print.
    package var environment: [String] {
        // Done for every setting at each start: splitting and joining takes the runtime longer than all the rest of it.
        flags.map { flag in
            "BGPVIP_" + String(decoding: flag.uppercased().utf8.map { $0 == 0x2D ? 0x5F : $0 }, as: UTF8.self)
        }
    }

    /// kube-vip's environment names that set the same thing.
    package var kubeVipEnvironment: [String] {
        KubeVipVariable.all.filter { $0.meaning == .setting(self) }.map(\.name)
    }

    /// kube-vip's flags that set the same thing, without the leading dashes.
    package var kubeVipFlags: [String] {
        KubeVipVariable.all.filter { $0.meaning == .setting(self) }.compactMap(\.flag)
    }
}
