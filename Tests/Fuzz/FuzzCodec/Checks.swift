import BGPWire
import Fuzzing

/// What must be true of every message that the session is told of.
func check(_ message: ReceivedMessage) {
    switch message {
    case .open(let open):
        require(open.version == 4, "version \(open.version)")
        for capability in open.capabilities { requireOneLine(capability.description) }
    case .update(let summary):
        require(summary.announced >= 0 && summary.withdrawn >= 0 && summary.messages == 1, "\(summary)")
        if summary.endOfRIB != nil {
            require(summary.announced == 0 && summary.withdrawn == 0, "End-of-RIB with prefixes: \(summary)")
        }
        if let malformation = summary.malformation { requireOneLine(malformation) }
    case .notification(let notification):
        requireOneLine(notification.description)
    case .keepalive, .routeRefresh:
        break
    }
}

/// What must be true of every refusal: it can be told to the peer, and to the operator.
func check(_ error: DecodeError) {
    requireOneLine(error.explanation)
    requireOneLine(error.notification.description)
    require((1...3).contains(error.notification.code), "refused with \(error.notification)")
    checkRoundTrip(.notification(error.notification), fourOctetAS: true)
}
