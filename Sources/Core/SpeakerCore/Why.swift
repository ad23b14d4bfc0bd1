/// The links between a service and the routers, and where that chain stops.
package struct Why: Sendable, Hashable {
    /// One link of the chain.
    package enum Link: Sendable, Hashable {
        /// A check, by name.
        case check(String)
        /// What the checks say together.
        case verdict
        /// The node: in service, or starting, draining or leaving.
        case node
        /// The drain of this VIP alone.
        case drain
        /// The address on the interface.
        case interface
        /// A peer, by its address as configured.
        case peer(String)
        /// Who listens on a port that checks ask.
        case servicePort(Int)
        /// What routers do with a route, of which this node learns nothing.
        case routers
    }

    /// How a link holds.
    package enum Standing: String, Encodable, Sendable, Hashable {
        case holds
        /// The chain ends here.
        case stops
        /// Does not hold, but is not the first, or does not keep the VIP from being advertised.
        case fails
        /// Not part of the chain.
        case unneeded
    }

    package struct Step: Sendable, Hashable {
        package var link: Link
        package var standing: Standing
    }

    package var steps: [Step]

    /// The chain of one of the status's VIPs.
    package init(of vip: VIPStatus, in status: Status) {
        func step(_ link: Link, _ holds: Bool) -> Step { Step(link: link, standing: holds ? .holds : .fails) }
        var before = vip.checks.map { name in
            step(.check(name), status.checks.first { $0.name == name }?.verdict == "healthy")
        }
        before += [step(.verdict, vip.verdict == "healthy"), step(.node, status.isInService || status.spares(vip))]
        if vip.drain != nil { before.append(step(.drain, false)) }
        before.append(step(.interface, vip.boundByOthers ? vip.bindError == nil : vip.bound))
        // What is kept as the last resort is advertised although its checks fail.
        let surmounted = vip.lastResort ? vip.checks.count + 1 : 0
        if vip.advertisedTo == 0, let first = before[surmounted...].firstIndex(where: { $0.standing == .fails }) {
            before[first].standing = .stops
        }
        let isStopped = before.contains { $0.standing == .stops }
        steps = before
        steps += status.peers.map { peer in
            let standing: Standing =
                if peer.routes.contains(where: { $0.prefix == vip.prefix }) {
                    .holds
                } else if peer.obstacles?[vip.prefix] == PeerStatus.notMeant {
                    .unneeded
                } else { isStopped ? .fails : .stops }
            return Step(link: .peer(peer.address), standing: standing)
        }
        // Behind the peers: it keeps no VIP from being advertised, but what then arrives is refused.
        steps += vip.listeners.map { step(.servicePort($0.port), $0.isReached) }
        if vip.advertisedTo > 0 { steps.append(Step(link: .routers, standing: .unneeded)) }
    }
}

extension Status {
    /// True unless the node drains or leaves. One that drains still advertises, with GRACEFUL_SHUTDOWN, until it has settled.
    /// One that starts and gives a reason waits with its start.
    fileprivate var isInService: Bool { ["starting", "running"].contains(phase) && phaseReason == nil }

    /// True if the node drains, and leaves this VIP in service.
    package func spares(_ vip: VIPStatus) -> Bool { !isInService && !vip.drains && departure?.exits == false }
}
