import ArgumentParser
import Settings

/// The flags of one section of the settings table.
///
/// The table is the only place where settings are listed, so the options are made from it instead of being declared
/// one by one: `customMirror` shows the argument parser what it would otherwise find as stored properties.
struct SettingOptions<Section: SettingSection>: ParsableArguments, CustomReflectable {
    /// What was given, by flag name without dashes.
    private(set) var flags: [String: [String]] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: FlagKey.self)
        for flag in Section.flags {
            let values = try container.decode(Option<[String]>.self, forKey: FlagKey(flag.name)).wrappedValue
            if !values.isEmpty { flags[flag.name] = values }
        }
    }

    var customMirror: Mirror {
        Mirror(self, children: Section.flags.map { (label: $0.name, value: $0.option) })
    }
}

/// One flag as the argument parser has to know it.
struct SettingFlag {
    /// The name without dashes.
    var name: String
    var placeholder: String
    var help: String
    var isHidden: Bool
    var bare: BareFlag

    fileprivate var option: Option<[String]> {
        Option(
            wrappedValue: [], name: .customLong(name), parsing: .unconditionalSingleValue,
            help: ArgumentHelp("\(help)", valueName: placeholder, visibility: isHidden ? .hidden : .default))
    }
}

/// A group of flags in the help.
protocol SettingSection {
    static var flags: [SettingFlag] { get }
}

extension SettingFlag {
    /// The flags of one section of the table; a setting's further names are left out of the help.
    fileprivate static func all(in section: Setting.Section) -> [SettingFlag] {
        Setting.all.filter { $0.section == section }.flatMap { setting in
            let end = setting.defaultText.map { " (default: \($0))." } ?? "."
            return setting.flags.map { name in
                SettingFlag(
                    name: name, placeholder: setting.placeholder, help: setting.help + end,
                    isHidden: name != setting.name, bare: setting.bareFlag)
            }
        }
    }
}

enum VIPSection: SettingSection {
    static let flags = SettingFlag.all(in: .vips)
}

enum PeerSection: SettingSection {
    static let flags = SettingFlag.all(in: .peers)
}

enum RouteSection: SettingSection {
    static let flags = SettingFlag.all(in: .routes)
}

enum CheckSection: SettingSection {
    static let flags = SettingFlag.all(in: .checks)
}

enum ServicesSection: SettingSection {
    static let flags = SettingFlag.all(in: .services)
}

enum ProcessSection: SettingSection {
    static let flags = SettingFlag.all(in: .process)
}

/// kube-vip's flags, as its manifests and the kubeadm documentation write them.
enum KubeVipSection: SettingSection {
    static let flags: [SettingFlag] = KubeVipVariable.all.compactMap { variable in
        variable.flag.map {
            SettingFlag(
                name: $0, placeholder: "value", help: "kube-vip's \(variable.name).", isHidden: true,
                bare: variable.bareFlag)
        }
    }
}

/// The flags of all sections.
struct AllSettingOptions: ParsableArguments {
    @OptionGroup(title: "\(Setting.Section.vips.rawValue)") var vips: SettingOptions<VIPSection>
    @OptionGroup(title: "\(Setting.Section.peers.rawValue)") var peers: SettingOptions<PeerSection>
    @OptionGroup(title: "\(Setting.Section.routes.rawValue)") var routes: SettingOptions<RouteSection>
    @OptionGroup(title: "\(Setting.Section.checks.rawValue)") var checks: SettingOptions<CheckSection>
    @OptionGroup(title: "\(Setting.Section.services.rawValue)") var services: SettingOptions<ServicesSection>
    @OptionGroup(title: "\(Setting.Section.process.rawValue)") var process: SettingOptions<ProcessSection>
    @OptionGroup(visibility: .hidden) var kubeVip: SettingOptions<KubeVipSection>

    /// What was given, by flag name without dashes.
    var flags: [String: [String]] {
        [vips.flags, peers.flags, routes.flags, checks.flags, services.flags, process.flags, kubeVip.flags]
            .reduce(into: [:]) { all, section in all.merge(section) { $0 + $1 } }
    }

    /// Every flag there is, in the order of the help.
    static let all =
        VIPSection.flags + PeerSection.flags + RouteSection.flags + CheckSection.flags
        + ServicesSection.flags + ProcessSection.flags
        + KubeVipSection.flags

    /// Writes out what a flag without a value means, which the argument parser does not know: a bare flag that means
    /// `true` becomes `--flag=true`, one with its value behind it `--flag=value`, and `--flag=`, which sets nothing, is
    /// left out. The way Go's flags are understood, and so kube-vip's.
    static func spellingOut(_ arguments: some Sequence<String>) -> [String] {
        let flags = Dictionary(all.map { ("--\($0.name)", $0.bare) }) { first, _ in first }
        var spelled: [String] = []
        var words = Array(arguments)[...]
        while let word = words.popFirst() {
            if word.last == "=", flags[String(word.dropLast())] != nil { continue }
            guard let bare = flags[word], bare != .needsValue else {
                spelled.append(word)
                continue
            }
            let value = bare.takes(words.first) ? words.popFirst() ?? "" : "true"
            if !value.isEmpty { spelled.append("\(word)=\(value)") }
        }
        return spelled
    }
}

/// A flag's name as the key of its value.
private struct FlagKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) {
        stringValue = name
    }

    init?(stringValue: String) {
        self.init(stringValue)
    }

    init?(intValue: Int) { nil }
}
