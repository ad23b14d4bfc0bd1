import BGPWire
import IPTypes

/// A password file and whose password it holds; nil for everybody who has none.
struct PasswordFile: Hashable {
    var peer: ScopedAddress?
    var path: String
}

extension Reading {
    /// The peer list, with the peer that kube-vip names in variables of its own.
    mutating func peers(extra: Located<PeerText>?) -> [Located<PeerText>] {
        let mayHoldPassword = texts(.peers).contains { PeerText.mayHoldPassword($0.text) }
        var peers = list(.peers) { text, origin throws(Complaint) in
            try PeerText(text, isKubeVip: origin.isKubeVip, isQuotable: !mayHoldPassword)
        }
        peers += extra.map { [$0] } ?? []
        if !has(.peers), extra == nil {
            errors.append(
                SettingError(
                    problem: "no peer is set",
                    remedy: "give --peers or BGPVIP_PEERS, for example --peers 192.0.2.1:65000,192.0.2.2:65000"))
        } else if peers.isEmpty, texts(.peers).allSatisfy({ ListEntry.separatedByCommas($0.text).isEmpty }) {
            fail(.peers, "the list is empty", "write for example 192.0.2.1:65000")
        }
        for (index, peer) in peers.enumerated()
        where peers[..<index].contains(where: { $0.value.address == peer.value.address }) {
            errors.append(peer.error("\(peer.value.address) is a peer already", "remove one of the two entries"))
        }
        if peers.contains(where: \.value.wantsBFD) {
            notices.append("BFD is not supported: a dead peer is noticed when the hold time has run out")
        }
        return peers
    }

    mutating func passwordFiles() -> [Located<PasswordFile>] {
        list(.peerPasswordFile) { text, _ throws(Complaint) in
            if text.hasPrefix("/") { return PasswordFile(peer: nil, path: try ValueText.path(text)) }
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let peer = ScopedAddress(ValueText.unbracketed(parts[0].trimmed)) else {
                throw Complaint("\(ValueText.quoted(text)) is neither an absolute path nor PEER=PATH")
            }
            return PasswordFile(peer: peer, path: try ValueText.path(parts[1].trimmed))
        }
    }

    /// The peers with everything that is set for all of them.
    mutating func peerSettings(
        _ peers: [Located<PeerText>], passwordFiles: [Located<PasswordFile>],
        readFile: (String) -> Result<String, FileReadingError>
    ) -> [PeerSettings] {
        let passwords = passwords(for: peers, passwordFiles, readFile)
        let sources = sources(for: peers)
        let sourceInterface = value(.sourceInterface, ValueText.interfaceName)
        let (holdTime, keepalive) = timers()
        let retry = value(.connectRetry) { text throws(Complaint) in
            try ValueText.duration(text, in: .milliseconds(10) ... .seconds(3600))
        }
        let retryMax = value(.connectRetryMax) { text throws(Complaint) in
            try ValueText.duration(text, in: .milliseconds(10) ... .seconds(3600))
        }
        if let retry, let retryMax, retry > retryMax {
            fail(
                has(.connectRetryMax) ? .connectRetryMax : .connectRetry,
                "connect-retry (\(ValueText.spelled(retry))) is longer than connect-retry-max (\(ValueText.spelled(retryMax)))",
                "raise connect-retry-max")
        }
        let hops = value(.ttlSecurity, Self.hops) ?? nil
        let passive = passivePeers(among: peers)
        return peers.map { peer in
            if hops != nil, peer.value.multihop != nil {
                errors.append(
                    peer.error(
                        "\(peer.value.address) is multihop, and ttl-security is on",
                        "leave multihop empty and give the distance with --ttl-security HOPS"))
            }
            let distance: PeerSettings.Distance =
                if let hops { .ttlSecurity(hops: hops) } else if let ttl = peer.value.multihop { .multihop(ttl) } else {
                    .direct
                }
            return PeerSettings(
                address: peer.value.address, peerAS: peer.value.peerAS, port: peer.value.port,
                password: peer.value.password.map(Secret.init) ?? passwords[peer.value.address] ?? nil,
                distance: distance,
                source: sources.first { $0.isIPv4 == peer.value.address.address.isIPv4 },
                sourceInterface: sourceInterface, isPassive: passive.contains(peer.value.address),
                holdTime: holdTime, keepaliveInterval: keepalive, connectRetryInitial: retry ?? .seconds(1),
                connectRetryMaximum: retryMax ?? .seconds(5))
        }
    }

    // MARK: Passwords

    private mutating func passwords(
        for peers: [Located<PeerText>], _ files: [Located<PasswordFile>],
        _ readFile: (String) -> Result<String, FileReadingError>
    ) -> [ScopedAddress: Secret] {
        var passwords: [ScopedAddress: Secret] = [:]
        var general: Secret?
        var seen: Set<ScopedAddress?> = []
        for file in files {
            guard seen.insert(file.value.peer).inserted else {
                errors.append(
                    file.error(
                        "a second password file for \(file.value.peer.map { "\($0)" } ?? "all peers")", "remove one"))
                continue
            }
            if let peer = file.value.peer {
                guard let entry = peers.first(where: { $0.value.address == peer }) else {
                    errors.append(file.error("\(peer) is not a peer", "name an address from the peer list"))
                    continue
                }
                if entry.value.password != nil {
                    errors.append(file.error("\(peer) has a password in the peer list as well", "remove one of them"))
                }
            }
            guard let password = password(in: file, readFile) else { continue }
            if let peer = file.value.peer { passwords[peer] = password } else { general = password }
        }
        for peer in peers where passwords[peer.value.address] == nil {
            passwords[peer.value.address] = general
        }
        return passwords
    }

    /// The file's text without the line end that editors leave.
    private mutating func password(
        in file: Located<PasswordFile>, _ readFile: (String) -> Result<String, FileReadingError>
    ) -> Secret? {
        switch readFile(file.value.path) {
        case .failure(let error):
            errors.append(file.error("cannot read \(file.value.path): \(error.reason)"))
        case .success(let text):
            let password = String(text.reversed().drop { $0.isNewline }.reversed())
            if password.isEmpty {
                errors.append(file.error("\(file.value.path) is empty", "write the password into it"))
            } else if password.contains(where: \.isNewline) {
                errors.append(
                    file.error("\(file.value.path) has more than one line", "write only the password into it"))
            } else if password.utf8.count > 80 {
                errors.append(
                    file.error("the password in \(file.value.path) is longer than the 80 bytes of a TCP MD5 key"))
            } else {
                return Secret(password)
            }
        }
        return nil
    }

    // MARK: Sessions

    private mutating func sources(for peers: [Located<PeerText>]) -> [IPAddress] {
        let sources = list(.sourceAddress) { text, _ throws(Complaint) in try ValueText.address(text) }
        for (index, source) in sources.enumerated() {
            let isIPv4 = source.value.isIPv4
            let family = isIPv4 ? "IPv4" : "IPv6"
            if sources[..<index].contains(where: { $0.value.isIPv4 == isIPv4 }) {
                errors.append(source.error("a second \(family) address", "give at most one of each family"))
            } else if !peers.isEmpty, !peers.contains(where: { $0.value.address.address.isIPv4 == isIPv4 }) {
                errors.append(source.error("\(source.value) is of no use: there is no \(family) peer", "remove it"))
            }
        }
        return sources.map(\.value)
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
            if hold == .zero {
                fail(.keepaliveInterval, "with a hold time of 0 no keepalives are sent", "leave keepalive-interval out")
            } else if keepalive * 3 > hold {
                fail(
                    .keepaliveInterval,
                    "\(ValueText.spelled(keepalive)) is more than a third of the hold time (\(ValueText.spelled(hold))): "
                        + "two lost keepalives would end the session",
                    "give at most \(ValueText.spelled(hold / 3)), or leave it out")
            }
        }
        return (seconds, keepalive)
    }

    private static func hops(_ text: String) throws(Complaint) -> UInt8? {
        let isNumber = text == "0" || text == "1"
        if !isNumber, let isOn = try? ValueText.boolean(text) { return isOn ? 1 : nil }
        guard let hops = UInt8(decimalDigits: text), hops > 0 else {
            throw Complaint("\(ValueText.quoted(text)) is neither true nor false nor a number of hops from 1 to 255")
        }
        return hops
    }

    private mutating func passivePeers(among peers: [Located<PeerText>]) -> Set<ScopedAddress> {
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
                    fail(.listenPort, "has no effect, since no incoming session is accepted", "add --listen true")
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
