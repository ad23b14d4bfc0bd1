/// One entry of `vips`, `checks` or `peers` in a configuration file.
struct FileItem: Hashable {
    /// Where it begins.
    var origin: Origin
    /// The key it stands under, if it has one.
    var name: GivenText?
    /// The whole entry, if it is one text: a VIP, a check, or a peer as in the peer list.
    var text: GivenText?
    /// Settings that it answers for itself; the general ones stand behind them.
    var own: [Setting: [GivenText]] = [:]
    /// What only an entry can say, by key.
    var fields: [String: [GivenText]] = [:]
    /// The checks of a VIP; nil leaves it to the general ones.
    var checks: [FileItem]?

    /// The only text of a field.
    func field(_ key: String) -> GivenText? { fields[key]?.first }
}

/// What the entries of a kind can say.
struct FileItemKind {
    /// Keys that are settings of their own in general, and what they are called there.
    var settings: [String: Setting]
    /// Keys that only an entry has; true if the value may be a sequence.
    var fields: [String: Bool]

    var keys: [String] { Array(settings.keys) + Array(fields.keys) }

    static let vip = FileItemKind(
        settings: keys(routes + [.bind, .globalScope, .onUnhealthy, .drain]),
        fields: ["address": false, "checks": true, "peers": true])

    static let check = FileItemKind(
        settings: Dictionary(
            uniqueKeysWithValues: checkOptions.map { key in
                // In an entry, checkInterval is just interval.
                let name = (key.fileKey ?? "").dropFirst("check".count)
                let capitals = name.prefix { $0.isUppercase }.count
                let lowered = capitals > 1 && capitals < name.count ? capitals - 1 : capitals
                return (name.prefix(lowered).lowercased() + name.dropFirst(lowered), key)
            }),
        fields: ["url": false, "tcp": false, "exec": true, "name": false])

    static let peer = FileItemKind(
        settings: keys(routes + sessions).merging(["source": .sourceAddress]) { $1 },
        fields: [
            "address": false, "as": false, "port": false, "password": false, "passwordFile": false, "multihop": false,
            "passive": false, "nextHop": true, "capabilities": false,
        ])

    /// Settings that an entry of `checks` may have of its own.
    static let checkOptions: [Setting] = [
        .checkInterval, .checkTimeout, .checkRise, .checkFall, .checkFailFast, .checkCAFile, .checkCertFile,
        .checkKeyFile, .checkInsecure, .checkHost, .checkStatus, .checkBody, .checkTokenFile,
    ]

    private static let routes: [Setting] = [
        .communities, .largeCommunities, .extendedCommunities, .med, .localPref, .prepend,
    ]
    private static let sessions: [Setting] = [
        .localAS, .sourceInterface, .holdTime, .keepaliveInterval, .sendHoldTime, .connectRetry, .connectRetryMax,
        .ttlSecurity,
        .bfd, .bfdReceiveInterval, .bfdMultiplier, .bfdStrict,
    ]

    private static func keys(_ keys: [Setting]) -> [String: Setting] {
        Dictionary(uniqueKeysWithValues: keys.map { ($0.fileKey ?? "", $0) })
    }
}
