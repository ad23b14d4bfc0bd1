import BGPWire
import IPTypes

/// What can be set for a session besides who the peer is.
struct SessionOptions {
    var sourceInterface: String?
    /// Seconds.
    var holdTime: UInt16
    var keepaliveInterval: Duration?
    var sendHoldTime: Duration?
    var connectRetry: Duration
    var connectRetryMax: Duration
    /// How many hops away the peer may be; nil without TTL security.
    var ttlSecurity: UInt8?
}

extension Reading {
    mutating func sources(for peers: [Located<PeerText>]) -> [IPAddress] {
        let sources = list(.sourceAddress) { text, _ throws(Complaint) in try ValueText.address(text) }
        for (index, source) in sources.enumerated() {
            let isIPv4 = source.value.isIPv4
            let family = isIPv4 ? "IPv4" : "IPv6"
            if sources[..<index].contains(where: { $0.value.isIPv4 == isIPv4 }) {
                errors.append(source.error("a second \(family) address", "give at most one of each family"))
            } else if !peers.isEmpty, !peers.contains(where: { $0.value.address.isOfFamily(isIPv4: isIPv4) }) {
                errors.append(source.error("\(source.value) has no effect: there is no \(family) peer", "remove it"))
            }
        }
        return sources.map(\.value)
    }

    /// What is set for sessions in general, or for the entry being read.
    mutating func sessionOptions() -> SessionOptions {
        let sourceInterface = value(.sourceInterface, ValueText.interfaceName)
        let (holdTime, keepalive) = timers()
        let retry = value(.connectRetry) { text throws(Complaint) in
            try ValueText.duration(text, in: .milliseconds(10) ... .seconds(3600))
        }
        let retryMax = value(.connectRetryMax) { text throws(Complaint) in
            try ValueText.duration(text, in: .milliseconds(10) ... .seconds(3600))
        }
        if let retry, let retryMax, retry > retryMax {
            let key = [Setting.connectRetryMax, .connectRetry].first { own.contains($0) }
            fail(
                key ?? (has(.connectRetryMax) ? .connectRetryMax : .connectRetry),
                "\(name(.connectRetry)) (\(ValueText.spelled(retry))) is longer than "
                    + "\(name(.connectRetryMax)) (\(ValueText.spelled(retryMax)))",
                "raise \(name(.connectRetryMax))")
        }
        return SessionOptions(
            sourceInterface: sourceInterface, holdTime: holdTime, keepaliveInterval: keepalive,
            sendHoldTime: sendHoldTime(holdTime), connectRetry: retry ?? .milliseconds(200),
            connectRetryMax: retryMax ?? .seconds(5),
            ttlSecurity: value(.ttlSecurity, Self.hops) ?? nil)
    }

    private mutating func timers() -> (holdTime: UInt16, keepalive: Duration?) {
        let hold = value(.holdTime) { text throws(Complaint) in
            let hold = try ValueText.duration(text, in: .zero ... .seconds(65535))
            guard hold.components.attoseconds == 0 else { throw Complaint("\(text) is not a whole number of seconds") }
            guard hold != .seconds(1), hold != .seconds(2) else {
                throw Complaint("BGP does not allow a hold time of \(text)", "give 0 (never expires) or at least 3s")
            }
            return hold
        }
        let keepalive = value(.keepaliveInterval) { text throws(Complaint) in
            try ValueText.duration(text, in: .milliseconds(100) ... .seconds(21845))
        }
        let seconds = UInt16(clamping: hold?.components.seconds ?? 9)
        if let keepalive, let hold {
            // In an entry of a file, what it says itself is to blame.
            let key: Setting =
                own.contains(.holdTime) && !own.contains(.keepaliveInterval) ? .holdTime : .keepaliveInterval
            if hold == .zero {
                fail(key, "with a hold time of 0 no keepalives are sent", "leave \(name(.keepaliveInterval)) out")
            } else if keepalive * 3 > hold {
                fail(
                    key,
                    "\(ValueText.spelled(keepalive)) is more than a third of the hold time (\(ValueText.spelled(hold))): "
                        + "two lost keepalives would end the session",
                    key == .holdTime
                        ? "raise it, or lower keepaliveInterval"
                        : "give at most \(ValueText.spelled(hold / 3)), or leave it out")
            }
        }
        return (seconds, keepalive)
    }

    /// RFC 9687 section 3: "The value of SendHoldTime MUST be greater than the value of HoldTime".
    private mutating func sendHoldTime(_ holdTime: UInt16) -> Duration? {
        let sendHoldTime = value(.sendHoldTime) { text throws(Complaint) in
            try ValueText.duration(text, in: .seconds(1) ... .seconds(86_400))
        }
        if let sendHoldTime, sendHoldTime <= .seconds(Int64(holdTime)) {
            let key: Setting = own.contains(.holdTime) && !own.contains(.sendHoldTime) ? .holdTime : .sendHoldTime
            fail(
                key,
                "\(name(.sendHoldTime)) (\(ValueText.spelled(sendHoldTime))) is not longer than the hold time "
                    + "(\(ValueText.spelled(.seconds(Int64(holdTime)))))",
                key == .holdTime ? "lower it, or raise sendHoldTime" : "raise it, or leave it out")
        }
        return sendHoldTime
    }

    private static func hops(_ text: String) throws(Complaint) -> UInt8? {
        let isNumber = text == "0" || text == "1"
        if !isNumber, let isOn = try? ValueText.boolean(text) { return isOn ? 1 : nil }
        guard let hops = UInt8(decimalDigits: text), hops > 0 else {
            throw Complaint("\(ValueText.quoted(text)) is neither true nor false nor a number of hops from 1 to 255")
        }
        return hops
    }

    mutating func passivePeers(among peers: [Located<PeerText>]) -> Set<ScopedAddress> {
        if texts(.passive).map(\.text.trimmed) == ["none"] { return [] }
        if texts(.passive).map(\.text.trimmed) == ["all"] { return Set(peers.map(\.value.address)) }
        let passive = list(.passive) { text, _ throws(Complaint) in
            guard let address = ScopedAddress(ValueText.unbracketed(text)) else {
                throw Complaint(
                    "\(ValueText.quoted(text)) is not the address of a peer", "write addresses, or all or none alone")
            }
            return address
        }
        for address in passive where !peers.contains(where: { $0.value.address == address.value }) {
            errors.append(address.error("\(address.value) is not a peer", "name an address from the peer list"))
        }
        return Set(passive.map(\.value))
    }

    mutating func listen(hasPassivePeers: Bool) -> ListenSettings? {
        let port = value(.listenPort, ValueText.port)
        let texts = texts(.listen)
        if texts.count == 1, let isOn = texts.first.flatMap({ try? ValueText.boolean($0.text.trimmed) }) {
            if !isOn, has(.listen), hasPassivePeers {
                fail(.listen, "listening is off, but there are passive peers", "remove it, or the passive peers")
            }
            if !isOn, !hasPassivePeers {
                if has(.listenPort) {
                    fail(
                        .listenPort, "has no effect, since no incoming session is accepted",
                        "add \(example(.listen, "true"))")
                }
                return nil
            }
            return ListenSettings(port: port ?? 179)
        }
        let listening = list(.listen) { text, _ throws(Complaint) in try EndpointText.listening(text) }
        let ports = Set(listening.compactMap(\.value.port))
        if ports.count > 1 {
            fail(.listen, "the entries name different ports", "give one port for all addresses")
        } else if has(.listenPort), let named = ports.first, named != port {
            fail(.listen, "names port \(named), and \(origin(.listenPort)) another", "give the port once")
        }
        let addresses = listening.compactMap(\.value.address)
        let isEverywhere = addresses.count < listening.count
        return ListenSettings(addresses: isEverywhere ? [] : addresses, port: ports.first ?? port ?? 179)
    }
}
