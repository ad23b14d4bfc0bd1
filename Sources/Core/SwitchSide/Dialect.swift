import IPTypes
import Settings

/// A language in which switches are configured.
package enum Dialect: String, Sendable, CaseIterable {
    /// BIRD 2 and 3.
    case bird
    /// FRRouting.
    case frr
    /// Arista EOS.
    case eos
    /// Cisco NX-OS.
    case nxos
    /// Cisco IOS XR.
    case iosxr
    /// Juniper Junos.
    case junos
    /// SONiC, whose BGP is FRRouting.
    case sonic
    /// Nokia SR Linux.
    case srlinux
    /// NVIDIA Cumulus Linux, NVUE commands.
    case cumulus

    /// The dialect of this name; `bird2` and `bird3` are `bird`.
    package init(named name: String) throws(SwitchSideError) {
        let lower = name.lowercased()
        if let dialect = Dialect(rawValue: lower) ?? (["bird2", "bird3"].contains(lower) ? .bird : nil) {
            self = dialect
            return
        }
        let names = Dialect.allCases.map(\.rawValue)
        let known = "the dialects are \(names.joined(separator: ", "))"
        throw SwitchSideError(
            "there is no dialect \"\(name.printable)\"",
            lower.mostSimilar(among: names).map { "did you mean \($0)? \(known)" } ?? known)
    }

    /// What people call it.
    var title: String {
        switch self {
        case .bird: "BIRD 2 and 3"
        case .frr: "FRRouting"
        case .eos: "Arista EOS"
        case .nxos: "Cisco NX-OS"
        case .iosxr: "Cisco IOS XR"
        case .junos: "Juniper Junos"
        case .sonic: "SONiC"
        case .srlinux: "Nokia SR Linux"
        case .cumulus: "NVIDIA Cumulus Linux"
        }
    }

    private var mark: String {
        switch self {
        case .bird, .junos, .srlinux, .cumulus: "#"
        case .frr, .sonic, .eos, .nxos, .iosxr: "!"
        }
    }

    /// The configuration of the switches, one after the other.
    package func text(of sides: [SwitchSide]) -> String {
        sides.map(text(of:)).joined(separator: "\n")
    }

    private func text(of side: SwitchSide) -> String {
        var text = ConfigText(mark: mark)
        side.heading(title, &text)
        var side = side
        if self != .bird {
            for session in side.sessions where !session.ports.isEmpty {
                text.note(
                    "No neighbors on \(session.ports.joined(separator: ", ")): \(title) needs their addresses, or finds them by",
                    "router advertisements, which the nodes do not send. Give these links addresses, and bgpvip a peer",
                    "with an address; then name the nodes' addresses with --node.")
            }
            side.sessions.removeAll { !$0.ports.isEmpty }
            if side.sessions.isEmpty { return text.text }
        }
        switch self {
        case .bird: side.bird(&text)
        case .frr: side.frr(&text)
        case .eos: side.eos(&text)
        case .nxos: side.nxos(&text)
        case .iosxr: side.iosxr(&text)
        case .junos: side.junos(&text)
        case .sonic: side.sonic(&text)
        case .srlinux: side.srlinux(&text)
        case .cumulus: side.cumulus(&text)
        }
        return text.text
    }
}

extension SwitchSide {
    /// What every dialect begins with.
    fileprivate func heading(_ title: String, _ text: inout ConfigText) {
        text.note("==== Switch \(name), AS \(asText): \(title) ====")
        let advertised = prefixes.map { "\($0)" } + pools.map { $0.isHost ? "\($0)" : "host routes of \($0)" }
        text.note("The nodes advertise \(advertised.joined(separator: ", ")).")
        text.note("Router ID, interfaces and addresses are the switch's own and not repeated here.")
        if switchAS == nil {
            let others = Set(sessions.map { "\($0.nodeAS)" }).sorted().joined(separator: ", ")
            text.note("Replace <SWITCH-AS>: the settings say only that it is not \(others).")
        }
        for session in sessions {
            if let key = session.key {
                text.note("Replace \(key) with the TCP MD5 password of the peer \(session.peer.address).")
            }
            if session.holdTime == 0 {
                text.note("The nodes propose hold time 0: nothing but BFD or TCP notices that one of them is dead.")
            }
        }
    }
}

extension String {
    /// The text without what would break a line or a terminal.
    fileprivate var printable: String { String(String.UnicodeScalarView(unicodeScalars.filter(\.isPrintable))) }
}
