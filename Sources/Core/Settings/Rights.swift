import Health
import IPTypes

/// What a process may do: as much of it as some settings need is kept, and the rest is given up at the start.
package struct Rights: Sendable, Hashable {
    /// A capability of the kernel (capabilities(7)), by its name without `CAP_`.
    package enum Capability: String, Sendable, Hashable, CaseIterable {
        /// To bind VIPs, end connections, and set routing rules.
        case netAdmin = "NET_ADMIN"
        /// To listen on a port below 1024.
        case netBindService = "NET_BIND_SERVICE"
        /// To find the router of an unnumbered peer where ordinary users may not ping.
        case netRaw = "NET_RAW"
        /// To run ahead of ordinary processes, for BFD.
        case sysNice = "SYS_NICE"
    }

    package var capabilities: Set<Capability>
    /// True if other programs may be run: checks of kind exec, and `onChange`.
    package var runsPrograms: Bool

    package init(capabilities: Set<Capability>, runsPrograms: Bool) {
        self.capabilities = capabilities
        self.runsPrograms = runsPrograms
    }

    /// None at all.
    package static let none = Rights(capabilities: [], runsPrograms: false)
}

extension Settings {
    /// What a daemon with these settings needs.
    package var rights: Rights {
        var capabilities: Set<Rights.Capability> = [.netAdmin]
        if !privilegedPorts.isEmpty { capabilities.insert(.netBindService) }
        if peers.contains(where: \.address.isUnnumbered) { capabilities.insert(.netRaw) }
        if peers.contains(where: { $0.bfd != nil }) { capabilities.insert(.sysNice) }
        return Rights(capabilities: capabilities, runsPrograms: !programs.isEmpty)
    }

    /// The capabilities that a unit and a pod give, without `CAP_`. Without NET_RAW an unnumbered peer is found as well,
    /// where the kernel lets every user ping, as systemd and container engines have it.
    var capabilities: [String] {
        Rights.Capability.allCases.filter { $0 != .netRaw && rights.capabilities.contains($0) }.map(\.rawValue)
    }

    private var privilegedPorts: [(key: Setting, port: UInt16)] {
        [
            (.listen, listen?.port), (Self.process.metrics.setting, self[Self.process.metrics]?.port),
            (Self.process.health.setting, self[Self.process.health]?.port),
        ].compactMap { key, port in
            port.flatMap { $0 < 1024 ? (key, $0) : nil }
        }
    }

    /// What runs programs.
    private var programs: [String] {
        checks.compactMap { check in
            if case .exec = check.kind { "check \(check.name)" } else { nil }
        } + (self[Self.process.onChange] == nil ? [] : ["onChange"])
    }

    /// Why a process that has given up these rights cannot run with these settings, a line for each reason, with its remedy;
    /// empty if it can.
    package func obstacles(afterGivingUp lost: Rights) -> [String] {
        let remedy = "which this process gave up at its start: restart bgpvip"
        let blocked = lost.runsPrograms ? programs.map { "\($0) needs the right to run a program, \(remedy)" } : []
        guard lost.capabilities.contains(.netBindService) else { return blocked }
        return blocked
            + privilegedPorts.map { "\($0.key.name): port \($0.port) needs CAP_NET_BIND_SERVICE, \(remedy)" }
    }

    /// What works with these settings, but not as well as after a restart, because the process has given up these rights.
    package func shortcomings(afterGivingUp lost: Rights) -> [String] {
        let missing = rights.capabilities.intersection(lost.capabilities)
        return [
            (.sysNice, "BFD runs with ordinary scheduling until bgpvip is restarted"),
            (.netRaw, "the routers of unnumbered peers may not be found until bgpvip is restarted"),
        ].compactMap { (capability: Rights.Capability, text: String) in
            missing.contains(capability) ? "\(text): CAP_\(capability.rawValue) was given up at the start" : nil
        }
    }
}
