import IPTypes

extension IntentChange {
    /// So many changes of one kind are listed one by one.
    private static let most = 100

    /// The changes in English, one line each, and no secret in them; a single line if there are none.
    package var lines: [String] {
        guard !isEmpty else { return ["nothing changes"] }
        return process.map(Self.words) + Self.limited(peers.map(Self.words), "peers")
            + Self.limited(checks.map(Self.words), "checks") + Self.limited(vips.map(Self.words), "VIPs")
    }

    private static func limited(_ lines: [String], _ what: String) -> [String] {
        let rest = lines.count - most
        return rest > 0 ? lines.prefix(most) + ["and \(rest) more \(what)"] : lines
    }

    private static func words(_ field: ProcessField) -> String {
        field.needsRestart
            ? "\(field.name): needs a restart; the running daemon keeps what it has" : "\(field.name): changed"
    }

    private static func words(_ peer: Peer) -> String {
        let start = "peer \(peer.name): "
        switch peer.kind {
        case .added: return start + "added"
        case .removed: return start + "removed; its session ends with Cease/Peer De-configured"
        case .changed(let fields):
            let consequence =
                switch fields.map(\.consequence).max() ?? .none {
                case .reset: "its session is reset"
                case .advertisedAgain: "its routes are advertised again and its session stays"
                case .newKey: "the key is replaced and its session stays"
                case .none: "its session stays"
                }
            return start + "\(list(fields)) changed; \(consequence)"
        }
    }

    private static func words(_ vip: VIP) -> String {
        switch vip.kind {
        case .added: "VIP \(vip.name): added; it is advertised once its checks pass"
        case .removed: "VIP \(vip.name): removed; it is withdrawn and unbound"
        case .changed(let fields): "VIP \(vip.name): \(list(fields)) changed"
        }
    }

    private static func words(_ check: CheckChange) -> String {
        switch check.kind {
        case .added: "check \(check.name): added"
        case .removed: "check \(check.name): removed"
        case .changed(let fields):
            "check \(check.name): \(list(fields)) changed"
                + (fields.contains(.target) ? "; its verdict stays until the next outcome" : "")
        }
    }

    private static func list<Field: RawRepresentable & CaseIterable & Hashable>(_ fields: Set<Field>) -> String
    where Field.RawValue == String {
        Field.allCases.filter(fields.contains).map(\.rawValue).joined(separator: ", ")
    }
}
