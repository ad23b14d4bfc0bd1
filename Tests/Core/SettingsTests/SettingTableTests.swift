import Testing

@testable import Settings

@Suite struct `The table of settings` {
    @Test func `has one row for every key, in the order of the keys`() {
        #expect(Setting.all.map(\.key) == SettingKey.allCases)
    }

    @Test func `names every flag and every environment variable once`() {
        let flags = Setting.all.flatMap(\.flags)
        let environment = Setting.all.flatMap(\.environment)
        #expect(Set(flags).count == flags.count)
        #expect(Set(environment).count == environment.count)
    }

    @Test func `derives the environment name from the flag`() {
        #expect(SettingKey.localAS.setting.environment == ["BGPVIP_LOCAL_AS"])
        #expect(SettingKey.vip.setting.environment == ["BGPVIP_VIP", "BGPVIP_ADDRESS"])
        #expect(SettingKey.checkCAFile.setting.environment == ["BGPVIP_CHECK_CA_FILE"])
    }

    @Test func `derives the key in a file from the flag, with a plural for what can be more than a text`() {
        for setting in Setting.all {
            let expected: [SettingKey: String?] = [.vip: "vips", .check: "checks", .config: nil]
            #expect(setting.fileKey == expected[setting.key] ?? "\(setting.key)")
        }
    }

    @Test func `shares no flag with kube-vip's own, and kube-vip's are distinct`() {
        let theirs = KubeVipVariable.all.compactMap(\.flag)
        #expect(Set(theirs).count == theirs.count)
        #expect(Set(theirs).isDisjoint(with: Setting.all.flatMap(\.flags)))
        let names = KubeVipVariable.all.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func `knows kube-vip's names for a setting`() {
        #expect(SettingKey.vip.setting.kubeVipEnvironment == ["address", "vip_address"])
        #expect(SettingKey.holdTime.setting.kubeVipEnvironment == ["bgp_hold_time"])
        #expect(SettingKey.holdTime.setting.kubeVipFlags == ["bgpHoldTimer"])
    }

    @Test func `writes help without a final full stop`() {
        for setting in Setting.all {
            #expect(!setting.help.isEmpty && !setting.help.hasSuffix("."), "\(setting.key)")
        }
    }

    @Test func `shows no secret`() {
        #expect(SettingKey.peers.setting.shown("10.0.0.1:65000:key") == "***")
        #expect(SettingKey.interface.setting.shown("lo") == "lo")
        for setting in Setting.all where setting.isSecret { #expect(setting.shown("key") == "***", "\(setting.key)") }
    }

    @Test func `has defaults that mean the same as leaving the setting out`() throws {
        let needed = ["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.1:65000"]]
        let bare = try load(needed)
        let serving = needed.merging(["services": ["true"]]) { $1 }
        let bareServing = try load(serving)
        for setting in Setting.all {
            guard let text = setting.defaultText else { continue }
            // Refused alone, because they would have no effect.
            guard ![.listenPort, .bfdMultiplier].contains(setting.key) else { continue }
            let isPart = SettingKey.servicesParts.values.contains(setting.key)
            var flags = isPart ? serving : needed
            flags[setting.key.rawValue] = [text]
            #expect(try load(flags).settings == (isPart ? bareServing : bare).settings, "\(setting.key)")
        }
    }
}

/// Loads settings with flags that name a configuration file, and `unread` in its place.
func load(
    _ flags: [String: [String]], files: [String: String] = [:], unread: FileNode
) throws(InvalidSettings) -> LoadedSettings {
    try SettingsLoader.load(
        flags: flags, environment: [:],
        readFile: { files[$0].map { .success($0) } ?? .failure(FileReadingError(reason: "")) },
        readTree: { _ in .success(unread) })
}

/// Loads settings from flags and environment, and from a configuration file if `tree` is one; the other files come from
/// a dictionary.
func load(
    _ flags: [String: [String]] = [:], environment: [String: String] = [:], files: [String: String] = [:],
    tree: FileNode? = nil
) throws(InvalidSettings) -> LoadedSettings {
    try SettingsLoader.load(
        flags: flags.merging(tree == nil ? [:] : ["config": ["b.yaml"]]) { $0 + $1 }, environment: environment,
        readFile: { path in
            files[path].map { .success($0) } ?? .failure(FileReadingError(reason: "No such file or directory"))
        },
        readTree: { _ in tree.map { .success($0) } ?? .failure(FileFault("No such file or directory")) })
}

/// The texts of all errors of settings that must not load.
func errors(
    _ flags: [String: [String]] = [:], environment: [String: String] = [:], files: [String: String] = [:],
    tree: FileNode? = nil
) -> [String] {
    do throws(InvalidSettings) {
        _ = try load(flags, environment: environment, files: files, tree: tree)
        return []
    } catch {
        return error.errors.map(\.description)
    }
}
