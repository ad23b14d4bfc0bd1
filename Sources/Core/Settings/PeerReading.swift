import Advertising
import BGPWire
import IPTypes

/// A password file and whose password it holds; nil for everybody who has none.
struct PasswordFile: Hashable {
    var peer: ScopedAddress?
    var path: String
}

/// A peer as read, and the entry of a file that says it.
struct PeerEntry {
    var peer: Located<PeerText>
    var item: FileItem?
}

extension Reading {
    /// The peer list, with the peer that kube-vip names in variables of its own.
    mutating func peers(
        extra: Located<PeerText>?, generalMultiprotocol: MultiprotocolText
    ) -> [PeerEntry] {
        let mayHoldPassword = texts(.peers).contains { PeerText.mayHoldPassword($0.text) }
        var peers: [PeerEntry] =
            if let items = items[.peers] { items.compactMap { peer($0) } } else {
                list(.peers) { text, origin throws(Complaint) in
                    try PeerText(text, isKubeVip: origin.isKubeVip, isQuotable: !mayHoldPassword)
                }.map { PeerEntry(peer: $0) }
            }
        peers += extra.map { [PeerEntry(peer: $0)] } ?? []
        for index in peers.indices where peers[index].peer.origin.isKubeVip {
            let own = peers[index].peer.value.multiprotocol
            peers[index].peer.value.multiprotocol = own.completed(by: generalMultiprotocol)
        }
        if !has(.peers), extra == nil {
            errors.append(
                SettingError(
                    problem: "no peer is set",
                    remedy: "\(ways(.peers)), for example \(example(.peers, "192.0.2.1:65000,192.0.2.2:65000"))"))
        } else if peers.isEmpty, texts(.peers).allSatisfy({ ListEntry.separatedByCommas($0.text).isEmpty }),
            items[.peers] == nil
        {
            fail(.peers, "the list is empty", "write for example 192.0.2.1:65000")
        }
        for (index, entry) in peers.enumerated() {
            let peer = entry.peer
            if peers[..<index].contains(where: { $0.peer.value.address.isSame(as: peer.value.address) }) {
                errors.append(peer.error("\(peer.value.address) is a peer already", "remove one of the two entries"))
            }
        }
        return peers
    }

    /// A peer that a file describes; nil if it does not say enough.
    private mutating func peer(_ item: FileItem) -> PeerEntry? {
        if let text = item.text {
            let mayHoldPassword = PeerText.mayHoldPassword(text.text)
            let peer = value(text) { text throws(Complaint) in
                try PeerText(text, isKubeVip: false, isQuotable: !mayHoldPassword)
            }
            return peer.map { PeerEntry(peer: Located(value: $0, origin: text.origin), item: item) }
        }
        let address = value(item.field("address")) { text throws(Complaint) in
            try PeerText.address(ValueText.unbracketed(text), isQuotable: true)
        }
        // As in the list: on a link of its own, any AS but ours will do.
        let defaultAS = address?.isUnnumbered == true ? PeerAS.external : nil
        for (key, example) in [("address", "192.0.2.1"), ("as", "65000")] where item.fields[key] == nil {
            guard key == "address" || defaultAS == nil else { continue }
            errors.append(
                SettingError(
                    origin: item.origin, problem: "the peer has no \(key)",
                    remedy: "write for example \(key): \(example)"))
        }
        let peerAS = value(item.field("as")) { text throws(Complaint) in
            try PeerText.peerAS(ListEntry(text: text, offset: 0))
        }
        let port = value(item.field("port"), ValueText.port)
        let multihop = value(item.field("multihop")) { text throws(Complaint) -> UInt8? in
            do throws(Complaint) {
                return try PeerText.multihop(ListEntry(text: text, offset: 0), isKubeVip: false)
            } catch {
                // The list's remedy is about passwords that look like the next field.
                throw Complaint(error.problem)
            }
        }
        let password = value(item.field("password")) { text throws(Complaint) in
            try PeerText.password(ListEntry(text: text, offset: 0))
        }
        if address?.isUnnumbered == true, multihop ?? nil != nil {
            errors.append(
                SettingError(
                    origin: item.field("multihop")?.origin,
                    problem: "an unnumbered peer is on the link of its interface and never multihop",
                    remedy: "leave multihop out"))
        }
        guard let address, let peerAS = peerAS ?? defaultAS else { return nil }
        let peer = PeerText(
            address: address, peerAS: peerAS, password: password ?? nil, multihop: multihop ?? nil, port: port ?? 179)
        return PeerEntry(peer: Located(value: peer, origin: item.field("address")?.origin ?? item.origin), item: item)
    }

    mutating func passwordFile(of entry: PeerEntry) -> Located<PasswordFile>? {
        guard let text = entry.item?.field("passwordFile"), let path = value(text, ValueText.path) else { return nil }
        return Located(value: PasswordFile(peer: entry.peer.value.address, path: path), origin: text.origin)
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

    /// The peers with everything that is set for all of them, and what each has of its own.
    mutating func peerSettings(
        _ peers: [PeerEntry], passwordFiles: [Located<PasswordFile>],
        readFile: (String) -> Result<String, FileReadingError>
    ) -> [PeerSettings] {
        let passwords = passwords(for: peers.map(\.peer), passwordFiles, readFile)
        let sources = sources(for: peers.map(\.peer))
        // Read once as they stand, so that mistakes are found even if every entry has its own.
        _ = sessionOptions()
        let generalBFD = bfdOptions()
        let passive = passivePeers(among: peers.map(\.peer))
        let settings = peers.map { entry in
            let peer = entry.peer
            let options = within(entry.item) { $0.sessionOptions() }
            let bfd = within(entry.item) { $0.bfdOptions() }
            let own = source(of: entry)
            let fitting = sources.filter {
                peer.value.address.isOfFamily(isIPv4: $0.isIPv4) && $0.isIPv4 != own?.isIPv4
            }
            let ours = [own].compactMap { $0 } + fitting
            let saysPassive = value(entry.item?.field("passive"), ValueText.boolean)
            let isPassive = saysPassive ?? passive.contains(peer.value.address)
            let password = peer.value.password.map(Secret.init) ?? passwords[peer.value.address] ?? nil
            var adjustment = routeAdjustment(of: entry.item)
            (adjustment.nextHopIPv4, adjustment.nextHopIPv6) = nextHops(of: entry)
            let capabilities = value(entry.item?.field("capabilities")) { text throws(Complaint) in
                guard let offered = CapabilityPolicy(rawValue: text) else {
                    throw Complaint("\(ValueText.quoted(text)) is neither auto nor all nor minimal")
                }
                return offered
            }
            var settings = PeerSettings(
                address: peer.value.address, peerAS: peer.value.peerAS, port: peer.value.port, password: password,
                distance: distance(of: entry, ttlSecurity: options.ttlSecurity), source: ours.first,
                sourceInterface: options.sourceInterface, isPassive: isPassive,
                localAS: entry.item?.own[.localAS] == nil ? nil : within(entry.item) { $0.localAS() },
                holdTime: options.holdTime, keepaliveInterval: options.keepaliveInterval,
                sendHoldTime: options.sendHoldTime, connectRetryInitial: options.connectRetry,
                connectRetryMaximum: options.connectRetryMax,
                routeAdjustment: adjustment,
                bfd: self.bfd(peer.value.bfd, bfd, general: generalBFD))
            settings.otherSource = ours.dropFirst().first
            settings.capabilities = capabilities ?? .automatic
            return settings
        }
        refuse(uselessBFD: generalBFD, for: settings)
        return settings
    }

    private mutating func distance(of entry: PeerEntry, ttlSecurity: UInt8?) -> PeerSettings.Distance {
        let peer = entry.peer
        if ttlSecurity != nil, peer.value.multihop != nil {
            errors.append(
                peer.error(
                    "\(peer.value.address) is multihop, and ttl-security is on",
                    peer.origin.isFile
                        ? "leave one of multihop and ttlSecurity out; ttlSecurity: HOPS gives the distance"
                        : "leave multihop empty and give the distance with --ttl-security HOPS or BGPVIP_TTL_SECURITY=HOPS"
                ))
        }
        return if let ttlSecurity { .ttlSecurity(hops: ttlSecurity) } else if let ttl = peer.value.multihop {
            .multihop(ttl)
        } else { .direct }
    }

    private mutating func source(of entry: PeerEntry) -> IPAddress? {
        guard let text = entry.item?.own[.sourceAddress]?.first, let source = value(text, ValueText.address) else {
            return nil
        }
        let peer = entry.peer.value.address
        if !peer.isOfFamily(isIPv4: source.isIPv4) {
            errors.append(
                SettingError(
                    origin: text.origin, problem: "\(source) is not of the family of \(peer)",
                    remedy: "give our address on the session, which has the family of the peer's"))
        }
        return source
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
}

extension ScopedAddress {
    /// True if both mean the same peer, or the same gateways among others.
    fileprivate func isSame(as other: ScopedAddress) -> Bool {
        self == other || isGateway && other.isGateway && (self == .gateway || other == .gateway)
    }
}
