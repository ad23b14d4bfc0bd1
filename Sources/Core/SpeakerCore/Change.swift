package import IPTypes

/// A change of a VIP or of a session, as the program that `onChange` names gets it.
package struct Change: Sendable, Hashable {
    /// What became of a VIP.
    package enum VIPState: String, Sendable, Hashable, CaseIterable {
        /// At least one peer has it.
        case advertised
        /// The peers have it marked with GRACEFUL_SHUTDOWN; it is about to be withdrawn.
        case draining
        /// The peers have it as the last resort: its checks fail.
        case lastResort = "last-resort"
        /// No peer has it, and a check fails.
        case unhealthy
        /// No peer has it for another reason.
        case withdrawn
    }

    package enum Subject: Sendable, Hashable {
        /// Its state before and now, the verdict, and why, in words and as a `VIPReason`.
        case vip(IPPrefix, from: VIPState, to: VIPState, verdict: String, reason: String, code: String)
        /// True if it is Established now. Why not, if it is not, and whether this node wanted it.
        case session(ScopedAddress, peerAS: String, isUp: Bool, reason: String, isPlanned: Bool)
    }

    package var subject: Subject
    package var node: String?

    /// The longest text of a variable, in characters.
    private static let longestText = 500

    /// Names and values of the variables that the program gets. Values are one line of printable characters.
    package var environment: [(name: String, value: String)] {
        var facts: [(String, String)]
        switch subject {
        case .vip(let prefix, let before, let now, let verdict, let reason, let code):
            facts = [
                ("CHANGE", "vip"), ("CHANGE_VIP", "\(prefix)"), ("CHANGE_STATE", now.rawValue),
                ("CHANGE_OLD_STATE", before.rawValue), ("CHANGE_VERDICT", verdict), ("CHANGE_REASON", reason),
                ("CHANGE_REASON_CODE", code),
            ]
        case .session(let address, let peerAS, let isUp, let reason, let isPlanned):
            facts = [
                ("CHANGE", "session"), ("CHANGE_PEER", "\(address)"), ("CHANGE_PEER_AS", peerAS),
                ("CHANGE_STATE", isUp ? "up" : "down"), ("CHANGE_OLD_STATE", isUp ? "down" : "up"),
                ("CHANGE_REASON", reason), ("CHANGE_PLANNED", isPlanned ? "yes" : "no"),
            ]
        }
        if let node { facts.append(("CHANGE_NODE", node)) }
        return facts.map { name, value in
            let scalars = value.unicodeScalars.prefix(Self.longestText).map { $0.isPrintable ? $0 : "?" }
            return (name, String(String.UnicodeScalarView(scalars)))
        }
    }
}
