import Advertising
import BGPWire
import Health
import IPTypes
import Services

/// Settings together with the parts of their text that display and manifests need.
struct ReadSettings {
    var settings: Settings
    var vips: [VIPEntry]
    var checks: [CheckEntry]
    var peers: [PeerEntry]
    var passwordFiles: [String]
}

/// What kube-vip's words say that is no text for one of our settings.
struct KubeVipContext {
    /// The peer of bgp_peeraddress and its companions.
    var extraPeer: Located<PeerText>?
    /// What is said about all of kube-vip's peers.
    var multiprotocol = MultiprotocolText()
    /// True if kube-vip's words are there and no check was chosen.
    var leavesCheckOpen = false
}

extension Reading {
    /// Reads every setting; nil if something needed is missing. All faults are in `errors`.
    mutating func settings(
        kubeVip: KubeVipContext, readFile: (String) -> Result<String, FileReadingError>
    ) -> ReadSettings? {
        let localAS = localAS()
        let routerID = value(.routerID, ValueText.identifier)
        let routerInterface = value(.routerInterface, ValueText.interfaceName)
        let interface = value(.interface, ValueText.interfaceName)
        let vips = vips()
        let generalChecks = checks(
            areNeeded: vips.contains { $0.item?.checks == nil } || hasForeignChecks,
            acceptsAnonymousRefusal: kubeVip.leavesCheckOpen && !saysWhatIsHealthy)
        var (vipSettings, checks) = vipSettings(vips, generalChecks: generalChecks)
        // The checks of VIPs that were removed may keep their options.
        if !wantsNoVIP, !checks.isEmpty || !has(.check) || texts(.check).map(\.text.trimmed) == ["none"] {
            refuseUselessOptions(for: checks)
        }
        let peers = peers(extra: kubeVip.extraPeer, generalMultiprotocol: kubeVip.multiprotocol)
        for (index, entry) in vips.enumerated() { vipSettings[index].peers = self.peers(of: entry, among: peers) }
        let passwordFiles = passwordFiles() + peers.compactMap { passwordFile(of: $0) }
        let peerSettings = peerSettings(peers, passwordFiles: passwordFiles, readFile: readFile)
        let listen = listen(hasPassivePeers: peerSettings.contains(where: \.isPassive))
        let staleTime = longLivedStaleTime()
        let departure = departure()
        let processValues = processValues(hasIPv6VIPs: vips.contains { !$0.vip.value.address.isIPv4 })
        let services = self.services(besides: vips.map(\.vip.value))

        checkAddresses(
            vips.map(\.vip), peers: peers.map(\.peer), checks: checks.map(\.check), routerID: routerID,
            nextHops: Set(peerSettings.flatMap(\.routeAdjustment.nextHops)))
        if let interface, interface != "lo" {
            notices.append(
                "the VIPs are bound to \(interface) and not to lo: on a shared segment every node answers ARP for them"
            )
        }
        notePeersWithoutRoutes(peerSettings, vips: vipSettings, localAS: localAS)
        tell(routerID)
        for entry in peers where entry.peer.value.password != nil && entry.peer.origin == origin(.peers) {
            if entry.peer.origin.isPublic { notices.append(PeerText.passwordInSight(entry.peer.origin)) }
        }
        guard let localAS, let interface, let departure else { return nil }
        var settings = Settings(
            localAS: localAS, routerID: routerID, routerInterface: routerInterface, interface: interface,
            vips: vipSettings, checks: checks.map(\.check.value), peers: peerSettings, listen: listen,
            longLivedStaleTime: staleTime, departure: departure)
        settings.processValues = processValues
        settings.services = services
        settings.services?.configuration.settle = departure.settle
        return ReadSettings(
            settings: settings,
            vips: vips, checks: checks, peers: peers, passwordFiles: passwordFiles.map(\.value.path))
    }

    /// Tells of peers that get less than what is set may suggest.
    private mutating func notePeersWithoutRoutes(_ peers: [PeerSettings], vips: [VIPSettings], localAS: ASNumber?) {
        for peer in peers {
            let routes = vips.filter { $0.isMeant(for: peer.address) }
            if routes.isEmpty, !vips.isEmpty {
                notices.append("no VIP is meant for the peer \(peer.address)")
            }
            if peer.address.address.isLoopback {
                notices.append(
                    "the peer \(peer.address) is this node itself, and no router can use it as a next hop: give the router's address, unless a BGP speaker of this node is meant"
                )
            }
            let isInternal = peer.peerAS == .internal || peer.peerAS == (peer.localAS ?? localAS).map(PeerAS.exactly)
            if isInternal, routes.contains(where: { (peer.routeAdjustment.prepend ?? $0.attributes.prepend) > 0 }) {
                notices.append(
                    "prepend has no effect towards the internal peer \(peer.address), which would take the path for a loop: give localPref or med"
                )
            }
        }
    }

    /// A BGP identifier that may be any node's.
    private mutating func tell(_ routerID: BGPIdentifier?) {
        guard let routerID else {
            if given[.routerInterface]?.first?.text.trimmed == "lo" {
                notices.append(
                    "\(origin(.routerInterface)): lo seldom has an address of its own, and neither 127.0.0.1 nor a VIP can be the router ID: without another one the daemon waits; give an interface that has this node's address"
                )
            }
            return
        }
        guard routerID.value >> 24 == 127 else { return }
        notices.append(
            "\(origin(.routerID)): the router ID \(routerID) is a loopback address, which every node has: a router that gets it from two nodes may refuse one of them; give each node's own address"
        )
    }

    /// RFC 9494 section 3.1 has 24 bits for the seconds.
    private mutating func longLivedStaleTime() -> UInt32? {
        let seconds = value(.llgr) { text throws(Complaint) -> UInt32 in
            let time = try ValueText.duration(text, in: .zero ... .seconds(16_777_215))
            guard time.components.attoseconds == 0, let seconds = UInt32(exactly: time.components.seconds) else {
                throw Complaint("\(text) is not a whole number of seconds")
            }
            return seconds
        }
        return seconds == 0 ? nil : seconds
    }

    mutating func localAS() -> ASNumber? {
        guard has(.localAS) else {
            errors.append(
                SettingError(
                    problem: "our AS number is not set",
                    remedy: "\(ways(.localAS)), for example \(example(.localAS, "65001"))"))
            return nil
        }
        return value(.localAS) { text throws(Complaint) in
            guard let number = ASNumber(text) else {
                throw Complaint("\(ValueText.quoted(text)) is not an AS number", "write a number from 1 to 4294967294")
            }
            guard !number.isReserved else { throw Complaint("AS \(number) is reserved and cannot be ours") }
            return number
        }
    }
}
