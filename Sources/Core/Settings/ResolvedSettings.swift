import Health
import IPTypes

/// One row of the resolved settings, for display; a secret is masked.
package struct ResolvedSetting: Sendable, Hashable {
    package var key: Setting
    /// Nil if it was not given and has no default.
    package var value: String?
    package var origin: Origin
    /// What single entries say for themselves, in a configuration file.
    package var options: [ResolvedOption] = []
}

/// What one entry of `vips`, `checks` or `peers` says for itself, for display; a secret is masked.
package struct ResolvedOption: Sendable, Hashable {
    /// The entry and its key: `peers[192.0.2.1].holdTime`.
    package var path: String
    package var value: String
    package var origin: Origin
}

extension ResolvedSetting {
    /// All settings in the order of the table.
    static func all(_ reading: Reading, _ settings: ReadSettings) -> [ResolvedSetting] {
        Setting.all.map { key in
            var options: [ResolvedOption] = []
            var value: String?
            switch key {
            case .peers:
                let peers = settings.peers
                value = peers.map { $0.peer.value.spelled(mask: "***") }.joined(separator: ",")
                options = peers.flatMap { entry in
                    entry.item?.options(of: .peer, "peers[\(entry.peer.value.address)]") ?? []
                }
                let origin = peers.first?.peer.origin ?? .default
                return ResolvedSetting(key: key, value: value, origin: origin, options: options)
            case .vip where reading.items[key] != nil:
                value = settings.vips.map { $0.vip.value.spelled }.joined(separator: ",")
                options = settings.vips.flatMap { entry in
                    entry.item?.options(of: .vip, "vips[\(entry.vip.value.spelled)]") ?? []
                }
            case .check where reading.items[key] != nil || reading.items[.vip] != nil:
                let names = settings.checks.map(\.check.value.name)
                value = names.isEmpty ? "none" : names.joined(separator: ",")
                options = settings.checks.flatMap { entry in
                    entry.item?.options(of: .check, "checks[\(entry.check.value.name)]") ?? []
                }
            case .check:
                let texts = reading.texts(key).flatMap { text in
                    text.isEntry ? [text.text.trimmed] : CheckText.entries(text.text).map(\.text)
                }
                value = texts.isEmpty ? nil : texts.map(CheckText.shown).joined(separator: ",")
            default:
                let texts = reading.texts(key)
                value = texts.isEmpty ? nil : texts.map { key.shown($0.text.trimmed) }.joined(separator: ",")
            }
            return ResolvedSetting(key: key, value: value, origin: reading.origin(key), options: options)
        }
    }
}

extension FileItem {
    /// Everything the entry says, sorted by key, as rows whose path begins with `prefix`.
    fileprivate func options(of kind: FileItemKind, _ prefix: String) -> [ResolvedOption] {
        var options = kind.keys.compactMap { key -> ResolvedOption? in
            guard let texts = kind.settings[key].map({ own[$0] }) ?? fields[key], key != "address" else { return nil }
            let shown = texts.map { key == "url" ? CheckText.shown($0.text.trimmed) : $0.text.trimmed }
            let value = key == "password" ? "***" : shown.joined(separator: ",")
            return ResolvedOption(path: "\(prefix).\(key)", value: value, origin: texts.first?.origin ?? origin)
        }
        if let checks {
            let names = checks.map { CheckText.shown($0.text?.text.trimmed ?? $0.checkText ?? "") }
            let value = names.isEmpty ? "none" : names.joined(separator: ",")
            options.append(
                ResolvedOption(path: "\(prefix).checks", value: value, origin: checks.first?.origin ?? origin))
        }
        return options.sorted { $0.path < $1.path }
    }
}
