import Foundation
import Testing

@testable import Settings

@Suite struct `The table of settings` {
    @Test func `leaves no row out that is written`() throws {
        // This file lies four levels below the root.
        let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let file = root.appendingPathComponent("Sources/Core/Settings/SettingTable.swift")
        let written = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "= Setting(").count - 1
        #expect(Setting.all.count == written + Settings.processRows.count)
    }

    @Test func `names every flag and every environment variable once`() {
        let flags = Setting.all.flatMap(\.flags)
        let environment = Setting.all.flatMap(\.environment)
        #expect(Set(flags).count == flags.count)
        #expect(Set(environment).count == environment.count)
    }

    @Test func `derives the environment name from the flag`() {
        #expect(Setting.localAS.environment == ["BGPVIP_LOCAL_AS"])
        #expect(Setting.vip.environment == ["BGPVIP_VIP", "BGPVIP_ADDRESS"])
        #expect(Setting.checkCAFile.environment == ["BGPVIP_CHECK_CA_FILE"])
    }

    @Test func `derives the key in a file from the flag, with a plural for what can be more than a text`() {
        let some: [Setting] = [.vip, .check, .localAS, .routerID, .checkCAFile, .servicesKubeProxy, .config]
        let keys = ["vips", "checks", "localAS", "routerID", "checkCAFile", "servicesKubeProxy", nil]
        #expect(some.map(\.fileKey) == keys)
        #expect(Set(Setting.all.map(\.fileKey)).count == Setting.all.count)
    }

    @Test func `shares no flag with kube-vip's own, and kube-vip's are distinct`() {
        let theirs = KubeVipVariable.all.compactMap(\.flag)
        #expect(Set(theirs).count == theirs.count)
        #expect(Set(theirs).isDisjoint(with: Setting.all.flatMap(\.flags)))
        let names = KubeVipVariable.all.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func `knows kube-vip's names for a setting`() {
        #expect(Setting.vip.kubeVipEnvironment == ["address", "vip_address"])
        #expect(Setting.holdTime.kubeVipEnvironment == ["bgp_hold_time"])
        #expect(Setting.holdTime.kubeVipFlags == ["bgpHoldTimer"])
    }

    @Test func `writes help without a final full stop`() {
        for setting in Setting.all {
            #expect(!setting.help.isEmpty && !setting.help.hasSuffix("."), "\(setting.name)")
        }
    }

    @Test func `shows no secret`() {
        #expect(Setting.peers.shown("10.0.0.1:65000:key") == "***")
        #expect(Setting.interface.shown("lo") == "lo")
        for setting in Setting.all where setting.isSecret { #expect(setting.shown("key") == "***", "\(setting.name)") }
    }

    @Test func `has defaults that mean the same as leaving the setting out`() throws {
        let needed = ["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.1:65000"]]
        let bare = try load(needed)
        let serving = needed.merging(["services": ["true"]]) { $1 }
        let bareServing = try load(serving)
        for setting in Setting.all {
            guard let text = setting.defaultText else { continue }
            // Refused alone, because they would have no effect.
            guard ![.listenPort, .bfdMultiplier].contains(setting) else { continue }
            let isPart = Setting.servicesParts.values.contains(setting)
            var flags = isPart ? serving : needed
            flags[setting.name] = [text]
            #expect(try load(flags).settings == (isPart ? bareServing : bare).settings, "\(setting.name)")
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
