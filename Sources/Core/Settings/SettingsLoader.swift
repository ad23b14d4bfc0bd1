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
    var texts: [Setting: String]
    /// False if a password that kube-vip took from a variable of its own has `:` or `,`, which our list separates by.
    var isPeerListExact: Bool
    /// True if what is given, apart from files, contains a peer's password.
    var peerListShowsPassword: Bool
    /// True if the configuration file itself contains a peer's password.
    var fileShowsPassword: Bool
    /// The password files, for a manifest to mount.
    package var passwordFiles: [String]
}

/// All that is wrong with the settings.
package struct InvalidSettings: Error, Sendable, Hashable {
    package var errors: [SettingError]
    package var notices: [String]
}

extension InvalidSettings {
    /// What is to be said, a line each: the notices, then the errors.
    package var lines: [String] { notices.map { "notice: \($0)" } + errors.map { "error: \($0)" } }
}

/// Why a file could not be read, in words.
package struct FileReadingError: Error, Sendable, Hashable {
    package var reason: String

    package init(reason: String) {
        self.reason = reason
    }
}

/// Turns flags, environment and a configuration file into settings.
package enum SettingsLoader {
    /// Loads settings. Precedence: flag, our environment, kube-vip's flag, kube-vip's environment, file, default.
    /// - Parameters:
    ///   - flags: values by flag name without dashes, ours and kube-vip's; several if the flag was repeated.
    ///   - file: a configuration file that was named by itself, besides the one that the flags may name.
    ///   - environment: the process's environment; what is not ours or kube-vip's is not looked at.
    ///   - readFile: returns the text of a file, for passwords.
    ///   - readTree: returns the configuration file at a path; asked if the settings name one.
    /// - Throws: everything that is wrong, at once.
    package static func load(
        flags: [String: [String]], file argument: String? = nil, environment: [String: String],
        readFile: (String) -> Result<String, FileReadingError>,
        readTree: (String) -> Result<FileNode, FileFault>
    ) throws(InvalidSettings) -> LoadedSettings {
        var given = GivenSettings(flags: flags, file: argument, environment: environment)
        let file = try given.file(readTree)
        let ignored = given.texts[.ignore] ?? file?.given[.ignore] ?? []
        let tolerated = Set(ignored.flatMap { ListEntry.separatedByCommas($0.text).map(\.text) })
        let kubeVip = KubeVipTranslation(
            flags: flags, environment: environment, tolerated: tolerated,
            ours: Set(given.texts.keys), answered: Set(given.texts.keys).union(file?.keys ?? []))
        given.complete(with: kubeVip)
        if let file { given.complete(with: file) }

        var reading = Reading(given.texts, items: given.items)
        reading.errors = given.errors + kubeVip.errors
        reading.notices = (given.notices + kubeVip.notices).map(\.onOneLine)
        let extraPeer = given.usesKubeVipPeers ? kubeVip.extraPeer : nil
        let settings = reading.settings(
            kubeVip: KubeVipContext(
                extraPeer: extraPeer, multiprotocol: kubeVip.multiprotocol, leavesCheckOpen: kubeVip.leavesCheckOpen),
            readFile: readFile)
        guard let settings, reading.errors.isEmpty else {
            throw InvalidSettings(errors: reading.errors.uniqued, notices: reading.notices.uniqued)
        }
        return LoadedSettings(
            settings: settings.settings, notices: reading.notices.uniqued, ignored: kubeVip.ignored,
            resolved: ResolvedSetting.all(reading, settings), texts: reading.spellable(peers: settings.peers),
            isPeerListExact: !settings.peers.contains { $0.hasUnspellablePassword },
            peerListShowsPassword: settings.peers.contains { !$0.peer.origin.isFile && $0.peer.value.password != nil },
            fileShowsPassword: settings.peers.contains { $0.peer.origin.isFile && $0.peer.value.password != nil },
            passwordFiles: settings.passwordFiles)
    }
}

extension SettingsLoader {
    /// The interface that settings name, whatever else is wrong with them; `lo` if none can be read. Parameters as in `load`.
    package static func interface(
        flags: [String: [String]], environment: [String: String],
        readTree: (String) -> Result<FileNode, FileFault>
    ) -> String {
        var given = GivenSettings(flags: flags, environment: environment)
        let file = try? given.file(readTree)
        given.complete(
            with: KubeVipTranslation(flags: flags, environment: environment, tolerated: [], ours: [], answered: []))
        if let file { given.complete(with: file) }
        var reading = Reading(given.texts)
        return reading.value(.interface, ValueText.interfaceName) ?? "lo"
    }
}

extension Reading {
    /// What an environment can repeat: everything that does not stand in the configuration file.
    fileprivate func spellable(peers: [PeerEntry]) -> [Setting: String] {
        var texts = given.filter { $0.value.first?.origin.isFile == false }
            .mapValues { $0.map(\.text.trimmed).joined(separator: ",") }
        let ours = peers.filter { !$0.peer.origin.isFile }
        if !ours.isEmpty { texts[.peers] = ours.map { $0.peer.value.spelled() }.joined(separator: ",") }
        return texts
    }
}

extension PeerEntry {
    /// True if the peer list of an environment variable cannot hold the password.
    fileprivate var hasUnspellablePassword: Bool {
        !peer.origin.isFile && (peer.value.password ?? "").contains { ":,".contains($0) }
    }
}

extension Array where Element: Hashable {
    /// The elements without those that stand further in front: general settings are read again for each entry.
    fileprivate var uniqued: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
