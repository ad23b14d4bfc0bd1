import BGPWire
import Health
import IPTypes
import Settings
import SpeakerCore

extension LogLine {
    /// The line for one fact.
    package init(_ fact: HostFact) {
        switch fact {
        case .remark(let words):
            self.init(.notice, words)
        case .started(let version, let localAS, let routerID, let peers, let vips):
            self.init(
                .info, "bgpvip \(version) starts",
                [
                    ("local_as", .number(localAS.value)), ("router_id", "\(routerID)"), ("peers", .number(peers)),
                    ("vips", .number(vips)),
                ])
        case .startFailed(let reason):
            self.init(.error, "cannot start: \(reason)")
        case .networkAwaited(let reason):
            self.init(.warning, "waiting for the network: \(reason)")
        case .gatewaysChanged(let peers):
            self.init(
                .notice, "the default gateways have changed",
                [("peers", .string(peers.map { "\($0)" }.joined(separator: ", ")))])
        case .settingsRefused(let reason):
            self.init(.error, "settings not loaded, nothing changes", reason)
        case .signalIgnored(let name):
            self.init(.notice, "\(name) ignored: it asks for nothing")
        case .stalled(let pause):
            self.init(
                .notice, "the daemon did not run for a while; waiting for BFD packets before a peer counts as down",
                [("milliseconds", .milliseconds(pause))])
        case .vipIsForeign(let vip, let interface):
            self.init(
                .warning, "VIP was added to \(interface) by another program; it is used, and not removed",
                [("vip", "\(vip)")])
        case .addressesUnreadable(let interface, let reason):
            self.init(.error, "addresses of \(interface) cannot be read", reason)
        case .addressChangesUnseen(let reason):
            self.init(.error, "changes of addresses are not seen for now, trying again each second", reason)
        case .leftoverTakenOff(let vip):
            self.init(.info, "VIP of an earlier run taken off the interface", [("vip", "\(vip)")])
        case .leftoverStays(let vip, let reason):
            self.init(.error, "VIP of an earlier run cannot be taken off the interface", reason, [("vip", "\(vip)")])
        case .localityUnknown(let reason):
            self.init(.error, "cannot tell which VIPs are local, trying again", reason)
        case .remoteClientsEnded(let count):
            self.init(
                .info, "connections of remote clients to a VIP that is unbound ended", [("connections", .number(count))]
            )
        case .ownClientsEnded(let count):
            self.init(
                .info, "connections of this node's clients to a VIP that was unbound ended",
                [("connections", .number(count))])
        case .connectionsToOtherNodesEnded(let count):
            self.init(
                .info, "connections of this node's clients to other nodes, whose VIP is bound here now, ended",
                [("connections", .number(count))])
        case .connectionsNotEnded(let reason):
            self.init(
                .warning,
                "connections that a change of the VIPs cuts off cannot be ended; clients notice by their own timeouts",
                reason)
        case .listening(let listener):
            self.init(.info, "incoming sessions are accepted now", Self.fields(listener))
        case .listeningFailed(let listener, let reason):
            self.init(
                .warning, "incoming sessions cannot be accepted, trying again each second", reason,
                Self.fields(listener))
        case .oldPasswordsInForce(let address, let reason):
            self.init(.error, "incoming sessions are checked with old passwords", reason, [("address", "\(address)")])
        case .connectionUnchanged(let peer, let reason):
            self.init(.error, "a connection that is open cannot follow the settings", reason, [("peer", "\(peer)")])
        case .furtherNextHopsUnknown(let reason):
            self.init(.warning, "no further next hops found on the link", reason)
        case .neighbourTableUnreadable(let interface, let reason):
            self.init(.warning, "the neighbor table cannot be read", reason, [("interface", .string(interface))])
        case .defaultRoutesUnwatched(let reason):
            self.init(.warning, "default routes cannot be watched; looking every ten seconds", reason)
        case .bfdScheduled(let words, let isPreferred):
            self.init(isPreferred ? .info : .notice, "BFD runs with \(words)")
        case .bfdGaveWay(let words):
            self.init(.warning, "the daemon was busy without a pause; BFD runs with \(words) for 10 s")
        case .bfdReceiving:
            self.init(.info, "BFD can receive now")
        case .bfdReceivingFailed(let reason):
            self.init(.error, "BFD cannot receive, trying again each second", reason)
        case .bfdReceivingEnded(let reason):
            self.init(.error, "BFD cannot receive any more; trying again", reason)
        case .bfdPeersDropped(let reason):
            self.init(.error, "BFD packets of new peers are dropped", reason)
        case .bfdSending(let peer, let failed):
            self.init(.info, "BFD packets can be sent again", [("peer", "\(peer)"), ("failed", .string(failed))])
        case .bfdSendingFailed(let peer, let reason):
            self.init(.warning, "BFD packets cannot be sent", reason, [("peer", "\(peer)")])
        case .checkUnusable(let name, let reason):
            self.init(.error, "check cannot be run", reason, [("check", .string(name))])
        case .drainFileUnknown(let reason):
            self.init(.error, reason)
        case .drainFileHangs(let path, isServing: true):
            self.init(
                .error, "the file system of the drain file does not answer; what was seen last stays in force",
                [("path", .string(path))])
        case .drainFileHangs(let path, isServing: false):
            self.init(
                .error, "the file system of the drain file does not answer; nothing is advertised before it does",
                [("path", .string(path))])
        case .drainFileUnwatched(let reason):
            self.init(
                .warning, "the drain file's directory cannot be watched; looking each second instead", reason)
        case .controlSocketOpen:
            self.init(.info, "the control socket is open now")
        case .controlSocketFailed(let reason):
            self.init(
                .notice,
                "no control socket, so bgpvip peers and drain cannot be used, trying again each second: \(reason); choose another with --control-socket or BGPVIP_CONTROL_SOCKET, or none"
            )
        case .monitoringOpen(let endpoint):
            self.init(.info, "metrics and health are served now", Self.fields(endpoint))
        case .monitoringFailed(let endpoint, let reason):
            self.init(
                .warning,
                "metrics and health cannot be served, trying again each second; --metrics and --health set another port",
                reason, Self.fields(endpoint))
        case .kubernetesSilent(let kind, let reason):
            self.init(
                .warning, "the Kubernetes API does not answer; what it said last holds", reason, [("kind", "\(kind)")])
        case .kubernetesAnswers(let kind):
            self.init(.notice, "the Kubernetes API answers again", [("kind", "\(kind)")])
        case .addressNotClaimed(let address, let reason):
            self.init(.warning, "address not claimed", reason, [("address", "\(address)")])
        case .statusNotWritten(let service, let reason):
            self.init(.warning, "status not written", reason, [("service", "\(service)")])
        case .loopRulesStay(let reason):
            self.init(.warning, "routing rules of an earlier run cannot be removed", reason)
        case .loopsPossible(let reason):
            self.init(.warning, "packets to unused ports of Services may loop between node and router", reason)
        }
    }

    /// A line about something that failed.
    private init(_ level: LogLevel, _ message: String, _ reason: String, _ fields: [Field] = []) {
        self.init(level, message, fields + [("reason", .string(reason))])
    }

    private static func fields(_ listener: Listener.ID) -> [Field] {
        [("address", "\(listener.address)"), ("port", .number(listener.port))]
            + (listener.interface.map { [("interface", .string($0))] } ?? [])
    }

    private static func fields(_ endpoint: SocketTarget) -> [Field] {
        [("address", "\(endpoint.address)"), ("port", "\(endpoint.port)")]
    }
}
