package import BFD
import BGPFSM
import BGPWire
package import Health
package import IPTypes
import Settings
package import SpeakerCore

/// What happens, beside what is decided: the lines of the level debug.
package enum Trace: Sendable {
    /// A probe ended.
    case probed(check: String, Outcome, took: Duration)
    /// Something happened to a session or a check.
    case input(Input)
    /// Something was done for a session or a check.
    case effect(Effect)
    /// A peer is dialled again after a pause.
    case retry(ScopedAddress, pause: Duration)
    /// The router on the link of an unnumbered peer.
    case routerFound(ScopedAddress, router: ScopedAddress)
    /// The kernel does not say whether another process has a session with the peer.
    case otherSpeakerUnknown(ScopedAddress, reason: String)
    /// An incoming connection whose address is no peer's.
    case strangerRefused(ScopedAddress)
    /// A datagram that is no legal BFD packet, or from no peer.
    case bfdPacketDiscarded(from: ScopedAddress, BFDDiscard)
}

extension LogLine {
    /// The line for one trace; nil for what needs none, because a report says it or it tells nothing.
    package init?(_ trace: Trace) {
        switch trace {
        case .probed(let check, let outcome, let took):
            let fields: [Field] = [("check", "\(check)"), ("took_ms", .milliseconds(took))]
            switch outcome {
            case .passed:
                self.init(.debug, "probe passed", fields)
            case .failed(let reason, let definitive):
                self.init(
                    .debug, "probe failed",
                    fields + [("reason", "\(reason)"), ("definitive", .truth(definitive))])
            case .anonymousRefused(let reason, _):
                self.init(.debug, "probe refused", fields + [("reason", "\(reason)")])
            }
        case .retry(let peer, let pause):
            self.init(.debug, "next attempt planned", [("peer", "\(peer)"), ("in_ms", .milliseconds(pause))])
        case .routerFound(let peer, let router):
            self.init(.debug, "router found", [("peer", "\(peer)"), ("address", "\(router)")])
        case .otherSpeakerUnknown(let peer, let reason):
            self.init(
                .debug, "cannot tell whether another speaker has the peer",
                [("peer", "\(peer)"), ("reason", .string(reason))])
        case .strangerRefused(let remote):
            self.init(.debug, "connection refused: its address is no peer's", [("remote", "\(remote)")])
        case .bfdPacketDiscarded(let source, let reason):
            self.init(.debug, "BFD packet discarded", [("from", "\(source)"), ("reason", "\(reason)")])
        case .input(.check(let name, .lateAnswer(let outcome))):
            let reason: [Field] =
                switch outcome {
                case .passed: []
                case .failed(let reason, _), .anonymousRefused(let reason, _): [("reason", "\(reason)")]
                }
            self.init(.debug, "answer came after the timeout of its probe", [("check", "\(name)")] + reason)
        case .input(.check(let name, .connectionLost)):
            self.init(.debug, "connection kept between probes was closed", [("check", "\(name)")])
        case .input(.check(let name, .stoppedListening)):
            self.init(.debug, "listening socket of the service was closed", [("check", "\(name)")])
        case .input(.session(let peer, let event)):
            self.init(event, of: peer)
        case .effect(.probe(let check)):
            self.init(.debug, "probe started", [("check", "\(check)")])
        case .effect(.session(let peer, let action)):
            self.init(action, for: peer)
        case .input, .effect:
            return nil
        }
    }

    private init?(_ event: PeerSession.Event, of peer: ScopedAddress) {
        let name: Field = ("peer", "\(peer)")
        switch event {
        case .tcpConnected(let direction, let endpoints):
            self.init(
                .debug, "TCP connected",
                [name, direction.field, ("local", "\(endpoints.local)"), ("remote", "\(endpoints.remote)")])
        case .tcpFailed(let direction, let failure):
            self.init(
                .debug, "TCP failed", [name, direction.field, ("reason", "\(failure.words("peer \(peer)"))")])
        case .received(let message, let direction):
            self.init(.debug, "\(message.type) received", [name, direction.field] + message.fields)
        case .malformed(let error, let direction):
            self.init(
                .debug, "malformed message received", [name, direction.field, ("reason", "\(error.explanation)")])
        case .started, .stopped, .reset, .deadlineReached, .withdrawalIgnored, .openAcknowledged:
            return nil
        }
    }

    private init?(_ action: PeerSession.Action, for peer: ScopedAddress) {
        let name: Field = ("peer", "\(peer)")
        switch action {
        case .connect:
            self.init(.debug, "dialling", [name])
        case .send(let message, let direction):
            self.init(.debug, "\(message.type) sent", [name, direction.field] + message.fields)
        case .windowProbe(let direction):
            self.init(.debug, "the peer is silent; probing its TCP", [name, direction.field])
        case .close(let direction):
            self.init(.debug, "connection closed", [name, direction.field])
        case .abort(let direction):
            self.init(.debug, "connection reset", [name, direction.field])
        case .rejectIncoming(let notification):
            self.init(.debug, "connection rejected", [name, ("notification", "\(notification)")])
        case .established, .routesRequested, .ended:
            return nil
        }
    }
}

extension Direction {
    fileprivate var field: LogLine.Field { ("direction", self == .outgoing ? "outgoing" : "incoming") }
}

extension Message {
    fileprivate var fields: [LogLine.Field] {
        switch self {
        case .open(let open): open.fields
        case .update(let update):
            [
                ("announced", .number(update.allAnnounced.count)),
                ("withdrawn", .number(update.allWithdrawn.count)),
            ]
        case .notification(let notification): [("notification", "\(notification)")]
        case .routeRefresh(let refresh): [("family", "\(refresh.family)")]
        case .keepalive: []
        }
    }
}

extension ReceivedMessage {
    fileprivate var fields: [LogLine.Field] {
        switch self {
        case .open(let open): open.fields
        case .update(let summary):
            [
                ("announced", .number(summary.announced)), ("withdrawn", .number(summary.withdrawn)),
                ("messages", .number(summary.messages)),
            ]
        case .notification(let notification): [("notification", "\(notification)")]
        case .routeRefresh(let refresh): [("family", "\(refresh.family)")]
        case .keepalive: []
        }
    }
}

extension Open {
    fileprivate var fields: [LogLine.Field] {
        [
            ("as", .number(speakerAS.value)), ("hold_time", .number(holdTime)), ("bgp_id", "\(identifier)"),
            ("capabilities", .string(capabilities.map { "\($0)" }.joined(separator: ", "))),
        ]
    }
}
