import BGPFSM
import BGPWire
import Deadlines
import Health
import IPTypes
import Intent
import Settings
package import SpeakerCore

extension LogLine {
    /// The line for one report.
    package init(_ report: Report) {
        switch report {
        case .intentChanged(let change):
            self.init(
                change.needsRestart.isEmpty ? .notice : .warning, "settings replaced",
                [("changes", .string(change.lines.joined(separator: "; ")))])
        case .sessionEstablished(let peer, let negotiated):
            self.init(
                .info, "BGP session Established",
                [
                    ("peer", "\(peer)"), ("peer_as", .number(negotiated.peerAS.value)),
                    ("peer_id", "\(negotiated.peerIdentifier)"), ("local", "\(negotiated.endpoints.local)"),
                    ("hold_time", .number(negotiated.holdTime)),
                    ("families", .string(negotiated.families.sorted().map { "\($0)" }.joined(separator: ","))),
                ])
            if negotiated.holdTime == 0 {
                level = .warning
                message += "; hold time 0 was agreed on, so a dead router is not noticed"
            }
        case .sessionClosed(let peer, let reason):
            self.init(.info, "BGP session closed", [("peer", "\(peer)"), ("reason", "\(reason)")])
        case .sessionLost(let peer, let reason):
            self.init(.error, "BGP session lost", [("peer", "\(peer)"), ("reason", "\(reason)")])
        case .attemptFailed(let peer, let reason):
            self.init(.warning, "BGP session does not come up", [("peer", "\(peer)"), ("reason", "\(reason)")])
        case .malformedUpdate(let peer, let words):
            self.init(
                .warning, "malformed UPDATE ignored; the session goes on (RFC 7606)",
                [("peer", "\(peer)"), ("malformation", "\(words)")])
        case .suppressed(let peer, let count, let state, let bfd):
            self.init(
                .warning, "this peer causes too many lines; some were left out, and this is its state now",
                [("peer", "\(peer)"), ("lines", .number(count)), ("state", "\(state)")]
                    + (bfd.map { [("bfd", "\($0)")] } ?? []))
        case .bfdUp(let peer):
            self.init(.info, "BFD session Up", [("peer", "\(peer)")])
        case .bfdDown(let peer, let reason, endsSession: true):
            self.init(
                .error, "BFD says that the path is down; the BGP session is closed",
                [("peer", "\(peer)"), ("reason", "\(reason)")])
        case .bfdDown(let peer, let reason, endsSession: false):
            self.init(
                .warning, "BFD says that the path is down; no BGP session was Established",
                [("peer", "\(peer)"), ("reason", "\(reason)")])
        case .bfdShutDownByPeer(let peer):
            self.init(
                .notice, "BFD was shut down by the peer's operator; the BGP session goes on", [("peer", "\(peer)")])
        case .bfdNotUp(let peer, let reason):
            self.init(.warning, "BFD does not come up", [("peer", "\(peer)"), ("reason", "\(reason)")])
        case .waitingForBFD(let peer):
            self.init(.info, "BGP session waits until BFD is up", [("peer", "\(peer)")])
        case .checkChanged(let name, let verdict):
            self.init(verdict.level, "check is \(verdict.word)", [("check", "\(name)")] + verdict.reasonField)
        case .verdictsSuppressed(let name, let count, let verdict):
            self.init(
                .warning, "the check changes its verdict too often; some lines were left out, and it is this now",
                [("check", "\(name)"), ("changes", .number(count)), ("verdict", "\(verdict.word)")]
                    + verdict.reasonField)
        case .checkExcused(let name, let pause):
            self.init(
                .notice, "the daemon did not run for a while; the next probe decides whether the check stays healthy",
                [("check", "\(name)"), ("milliseconds", .number(pause.milliseconds))])
        case .refusalAccepted(let name, let reason):
            self.init(
                .notice, "the service refuses anonymous requests, which counts as healthy: it answers",
                [("check", "\(name)"), ("reason", "\(reason)")])
        case .vipsChanged(let vips, let verdict):
            self.init(verdict.level, "VIP is \(verdict.word)", [("vip", Self.list(vips))] + verdict.reasonField)
        case .bound(let vips):
            self.init(.info, "VIP bound", [("vip", Self.list(vips))])
        case .unbound(let vips):
            self.init(.info, "VIP unbound", [("vip", Self.list(vips))])
        case .bindFailed(let vip, let reason):
            self.init(
                .error, "VIP cannot be bound and is not advertised", [("vip", "\(vip)"), ("reason", "\(reason)")])
        case .notLocal(let vips):
            self.init(
                .warning,
                "VIP is not local on this node and is not advertised: bind is false, and no other program has added it",
                [("vip", Self.list(vips))])
        case .becameLocal(let vips):
            self.init(.info, "VIP is local on this node now", [("vip", Self.list(vips))])
        case .unbindFailed(let vip, let reason):
            self.init(
                .error, "VIP cannot be taken off the interface; trying again",
                [("vip", "\(vip)"), ("reason", "\(reason)")])
        case .vanished(let vips):
            self.init(.warning, "VIP was removed by another program; binding it again", [("vip", Self.list(vips))])
        case .vanishingSuppressed(let count):
            self.init(
                .warning, "VIPs are removed by another program again and again; some lines were omitted",
                [("lines", .number(count))])
        case .adopted(let vips):
            self.init(
                .info, "VIP of an earlier run found; it stays until the first verdict", [("vip", Self.list(vips))])
        case .leftoverRemoved(let vips):
            self.init(.info, "address of an earlier run removed; it is not configured", [("vip", Self.list(vips))])
        case .advertised(let peer, let prefixes):
            self.init(.info, "advertised", [("peer", "\(peer)"), ("vips", Self.list(prefixes))])
        case .withdrawn(let peer, let prefixes):
            self.init(.info, "withdrawn", [("peer", "\(peer)"), ("vips", Self.list(prefixes))])
        case .notCarried(let peer, let prefixes, let reason):
            self.init(
                .warning, "VIP cannot be advertised to this peer",
                [("peer", "\(peer)"), ("vips", Self.list(prefixes)), ("reason", "\(reason)")])
        case .departureStarted(let reason, let exits):
            self.init(.info, exits ? "leaving" : "draining", [("reason", "\(reason)")])
        case .departureStep(.away, keepsSessions: true):
            self.init(.info, "VIPs unbound; the sessions stay")
        case .departureStep(let step, _):
            self.init(.info, Self.words(step))
        case .vipDrainStarted(let vip, let reason):
            self.init(.info, "draining one VIP; the sessions stay", [("vip", "\(vip)"), ("reason", "\(reason)")])
        case .vipDrainStep(let vip, let step):
            self.init(.info, step == .away ? "VIP drained" : Self.words(step), [("vip", "\(vip)")])
        case .vipUndrained(let vip):
            self.init(.info, "VIP back in service", [("vip", "\(vip)")])
        case .withdrawalUnacknowledged(let peer):
            self.init(.warning, "the peer's TCP has not acknowledged the withdrawal; going on", [("peer", "\(peer)")])
        case .undrained:
            self.init(.info, "back in service")
        case .programFailed(let program, let reason):
            self.init(
                .warning, "the program of onChange fails", [("program", "\(program)"), ("reason", "\(reason)")])
        case .changesLeftOut(let program):
            self.init(
                .warning, "the program of onChange takes too long; the oldest changes are left out",
                [("program", "\(program)")])
        case .drainReasonChanged(let reason):
            self.init(.info, "still out of service", [("reason", "\(reason)")])
        case .keptAsLastResort(let vips):
            self.init(
                .warning, "VIP stays bound and advertised as the last resort", [("vip", Self.list(vips))])
        case .leftBound(let vips, let interface):
            let commands = vips.prefix(8).map { "ip address del \($0) dev \(interface)" }
            self.init(
                .error,
                "VIP stays on the interface: the kernel refused to remove it, and this node still answers for it",
                [("vips", Self.list(vips)), ("remove_with", .string(commands.joined(separator: "; ")))])
        }
    }

    private static func words(_ step: Departure.Step) -> String {
        switch step {
        case .inService: "in service"
        case .settling: "routes marked with GRACEFUL_SHUTDOWN; giving the routers time to move"
        case .acknowledging: "routes withdrawn; waiting for the peers' acknowledgement"
        case .lingering: "serving what is still on its way while the routers move traffic"
        case .away: "sessions closed, VIPs unbound"
        }
    }

    /// At most eight prefixes by name, so that a line stays a line.
    private static func list(_ prefixes: [IPPrefix]) -> LogValue {
        let named = prefixes.prefix(8).map { "\($0)" }.joined(separator: ",")
        return .string(prefixes.count > 8 ? "\(named) and \(prefixes.count - 8) more" : named)
    }
}

extension Verdict {
    fileprivate var level: LogLevel {
        if case .unhealthy = self { .error } else { .info }
    }

    fileprivate var reasonField: [LogLine.Field] {
        if case .unhealthy(let reason) = self { [("reason", "\(reason)")] } else { [] }
    }
}
