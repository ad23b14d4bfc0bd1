import BGPWire
import IPTypes

/// Valid settings, and what is to be said about them.
package struct LoadedSettings: Sendable, Hashable {
    package var settings: Settings
    /// What the operator should know although nothing is wrong.
    package var notices: [String]
    /// kube-vip's variables that were given and have nothing to act on.
    package var ignored: [String]
    /// Every setting with its value and origin, in the order of the table; secrets are masked.
    package var resolved: [ResolvedSetting]
    /// All that was given, as text in our own words, passwords included: what a manifest has to repeat.
    var texts: [SettingKey: String]
    /// False if a password that kube-vip took from a variable of its own has `:` or `,`, which our list separates by.
    var isPeerListExact: Bool
    /// The password files, for a manifest to mount.
    var passwordFiles: [String]
}

/// All that is wrong with the settings.
package struct InvalidSettings: Error, Sendable, Hashable {
    package var errors: [SettingError]
    package var notices: [String]
}

/// Why a file could not be read, in words.
package struct FileReadingError: Error, Sendable, Hashable {
    package var reason: String

    package init(reason: String) {
        self.reason = reason
    }
}

/// Turns flags and environment into settings.
package enum SettingsLoader {
    /// Loads settings. Precedence: flag, our environment, kube-vip's flag, kube-vip's environment, default.
    /// - Parameters:
    ///   - flags: values by flag name without dashes, ours and kube-vip's; several if the flag was repeated.
    ///   - environment: the process's environment; what is not ours or kube-vip's is not looked at.
    ///   - readFile: returns the text of a file, for passwords.
    /// - Throws: everything that is wrong, at once.
    package static func load(
        flags: [String: [String]], environment: [String: String],
        readFile: (String) -> Result<String, FileReadingError>
    ) throws(InvalidSettings) -> LoadedSettings {
        var given = GivenSettings(flags: flags, environment: environment)
        let tolerated = Set(
            (given.texts[.ignore] ?? []).flatMap { ListEntry.separatedByCommas($0.text).map(\.text) })
        let kubeVip = KubeVipTranslation(flags: flags, environment: environment, tolerated: tolerated)
        given.complete(with: kubeVip)

        var reading = Reading(given.texts)
        reading.errors = given.errors + kubeVip.errors
        reading.notices = given.notices + kubeVip.notices
        let extraPeer = given.usesKubeVipPeers ? kubeVip.extraPeer : nil
        let settings = reading.settings(extraPeer: extraPeer, readFile: readFile)
        guard let settings, reading.errors.isEmpty else {
            throw InvalidSettings(errors: reading.errors, notices: reading.notices)
        }
        let texts = given.texts.mapValues { $0.map(\.text.trimmed).joined(separator: ",") }
        let peers = settings.peers.map(\.value)
        return LoadedSettings(
            settings: settings.settings, notices: reading.notices, ignored: kubeVip.ignored,
            resolved: resolved(reading, peers: settings.peers),
            texts: texts.merging([.peers: peers.map { $0.spelled() }.joined(separator: ",")]) { $1 },
            isPeerListExact: !peers.contains { ($0.password ?? "").contains { ":,".contains($0) } },
            passwordFiles: settings.passwordFiles)
    }

    private static func resolved(_ reading: Reading, peers: [Located<PeerText>]) -> [ResolvedSetting] {
        SettingKey.allCases.map { key in
            let texts = reading.texts(key)
            if key == .peers {
                let value = peers.map { $0.value.spelled(mask: "***") }.joined(separator: ",")
                return ResolvedSetting(key: key, value: value, origin: peers.first?.origin ?? .default)
            }
            let value = texts.isEmpty ? nil : texts.map(\.text.trimmed).joined(separator: ",")
            return ResolvedSetting(key: key, value: value, origin: texts.first?.origin ?? .default)
        }
    }
}

/// Who gave what, after precedence.
private struct GivenSettings {
    var texts: [SettingKey: [GivenText]] = [:]
    var errors: [SettingError] = []
    var notices: [String] = []
    /// False if our own peer list displaced kube-vip's.
    var usesKubeVipPeers = true

    init(flags: [String: [String]], environment: [String: String]) {
        for setting in Setting.all {
            for name in setting.environment {
                // Like kube-vip: `- name: X` without a value in a manifest means nothing.
                guard let text = environment[name]?.trimmed, !text.isEmpty else { continue }
                if let other = texts[setting.key]?.first {
                    errors.append(
                        SettingError(
                            origin: .environment(name), problem: "says the same as \(other.origin)",
                            remedy: "remove one of them"))
                    continue
                }
                texts[setting.key] = [GivenText(text: text, origin: .environment(name))]
            }
            let given = setting.flags.flatMap { flag in
                (flags[flag] ?? []).map { GivenText(text: $0, origin: .flag(flag)) }
            }
            for text in given where text.text.trimmed.isEmpty {
                errors.append(
                    SettingError(origin: text.origin, problem: "the value is empty", remedy: "leave the flag out"))
            }
            let full = given.filter { !$0.text.trimmed.isEmpty }
            if !full.isEmpty { texts[setting.key] = full }
        }
        refuseUnknown(environment)
    }

    /// A misspelled name must not be overlooked: it could be the one of the password file.
    private mutating func refuseUnknown(_ environment: [String: String]) {
        let known = Setting.all.flatMap(\.environment)
        for name in environment.keys.sorted() where name.hasPrefix("BGPVIP_") && !known.contains(name) {
            // What Kubernetes injects for a Service that is called bgpvip.
            let rest = name.dropFirst("BGPVIP_".count)
            if rest.contains("SERVICE_HOST") || rest.contains("SERVICE_PORT") || rest == "PORT"
                || rest.contains("PORT_")
            {
                continue
            }
            let suggestion = name.mostSimilar(among: known).map { "did you mean \($0)?" }
            errors.append(SettingError(origin: .environment(name), problem: "is not a setting", remedy: suggestion))
        }
    }

    /// Adds what kube-vip's words say about settings that ours leave open.
    mutating func complete(with kubeVip: KubeVipTranslation) {
        for key in SettingKey.allCases {
            let theirs = kubeVip.given[key]
            if let ours = texts[key] {
                if key == .peers { usesKubeVipPeers = false }
                let isSame = ours.map(\.text) == theirs?.map(\.text)
                let displaced = theirs?.first?.origin ?? (key == .peers ? kubeVip.extraPeer?.origin : nil)
                if let displaced, let origin = ours.first?.origin, !isSame {
                    notices.append("\(origin) is used, \(displaced) is not")
                }
            } else if let theirs {
                texts[key] = theirs
            }
        }
    }
}
