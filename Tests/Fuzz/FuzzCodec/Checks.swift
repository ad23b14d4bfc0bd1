import BGPWire
import Glibc

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

/// Text with bytes of a peer in it must not be able to forge log lines or to move a terminal's cursor.
func requireOneLine(_ text: String) {
    require(!text.isEmpty, "an empty text")
    require(text.unicodeScalars.allSatisfy { !$0.properties.breaksLine }, "more than a line: \(text.debugDescription)")
}

extension Unicode.Scalar.Properties {
    fileprivate var breaksLine: Bool {
        [.control, .format, .lineSeparator, .paragraphSeparator].contains(generalCategory)
    }
}

/// Stops the run with a finding unless `condition` holds.
func require(_ condition: Bool, _ finding: @autoclosure () -> String) {
    if !condition { fatalError(finding()) }
}

/// Shows a frame, if `BGPVIP_FUZZ_TRACE` is set.
func trace(_ frame: [UInt8]) {
    guard getenv("BGPVIP_FUZZ_TRACE") != nil else { return }
    print("octets(\"\(frame.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())\")")
}
