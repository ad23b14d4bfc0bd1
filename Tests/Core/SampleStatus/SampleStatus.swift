package import SpeakerCore

extension Status {
    /// A node with one good peer and one that refuses, one healthy VIP and one whose service is down.
    package static let sample = Status(
        version: "1.2.3", localAS: 65001, routerID: "10.0.0.5", interface: "lo", phase: "running", uptime: 12.5,
        peers: [.established, .refusing], vips: [.healthy, .unhealthy],
        checks: [
            CheckStatus(
                name: "apiserver", target: "https://127.0.0.1:6443/readyz", verdict: "healthy", verdictSeconds: 274_000,
                passed: 1000, failed: 2),
            CheckStatus(
                name: "web", target: "tcp 127.0.0.1:80", verdict: "unhealthy", verdictSeconds: 41,
                lastFailure: "connection refused", passed: 10, failed: 20),
        ])

    /// The same with a difference.
    package func with(_ change: (inout Status) -> Void) -> Status {
        var copy = self
        change(&copy)
        return copy
    }
}

extension PeerStatus {
    package static let established = PeerStatus(
        address: "10.0.0.1", port: 179, configuredAS: "65100", peerAS: 65100, state: "Established",
        stateSeconds: 274_000, holdTime: 9, keepaliveSeconds: 3, advertised: 1, total: 2, localAddress: "10.0.0.5",
        peerIdentifier: "10.0.0.1", peerHostName: "tor1", usesMD5: true, isPassive: false, distance: "direct",
        capabilitiesSent: ["multiprotocol IPv4 unicast", "4-octet AS 65001"],
        capabilitiesReceived: ["multiprotocol IPv4 unicast", "route refresh"], families: ["IPv4 unicast"],
        messagesSent: counts(open: 1, update: 2, keepalive: 1234),
        messagesReceived: counts(open: 1, update: 1, keepalive: 1230), prefixesDiscarded: 4, flaps: 1, plannedEnds: 2,
        lastNotificationReceived: "Cease / Administrative Reset",
        routes: [RouteStatus(prefix: "192.0.2.10/32", nextHop: "10.0.0.5", attributes: ["as-path 65001", "med 10"])])

    /// The same with BFD Up.
    package static let withBFD = {
        var peer = established
        peer.bfd = BFDStatus(
            state: "Up", stateSeconds: 273_000, remoteState: "Up", localDiscriminator: 17, remoteDiscriminator: 4711,
            localDiagnostic: "no diagnostic", remoteDiagnostic: "detection time expired", transmitSeconds: 0.05,
            receiveSeconds: 0.3, detectionSeconds: 0.9, remoteMultiplier: 3, timesUp: 2, failures: 1,
            lastDown: "nothing heard for 150 ms", lastDownSecondsAgo: 273_001, packetsSent: 6_000_000,
            packetsReceived: 5_000_000)
        return peer
    }()

    /// A peer whose BGP session is held back.
    package static let waiting = {
        var peer = refusing
        peer.state = "Idle"
        peer.bfd = BFDStatus(
            state: "Down", stateSeconds: 12, isMultihop: true, isStrict: true, holdsSession: true,
            localDiscriminator: 18, localDiagnostic: "no diagnostic", transmitSeconds: 1, packetsSent: 13,
            obstacle: "no BFD packet is heard from the peer")
        return peer
    }()

    package static let refusing = PeerStatus(
        address: "fe80::a00:27ff:fe4e:66a1%eth0", port: 179, configuredAS: "external", state: "Active",
        stateSeconds: 725, advertised: 0, total: 2,
        lastError: "connection refused: nothing listens on port 179 of the router; is BGP configured there for eth0?",
        lastErrorSecondsAgo: 3, nextAttemptSeconds: 1.5, usesMD5: false, isPassive: false, distance: "ttl-security 1")

    private static func counts(open: Int, update: Int, keepalive: Int) -> MessageCounts {
        var counts = MessageCounts()
        counts.open = open
        counts.update = update
        counts.keepalive = keepalive
        return counts
    }
}

extension VIPStatus {
    package static let healthy = VIPStatus(
        prefix: "192.0.2.10/32", bound: true, verdict: "healthy", verdictSeconds: 274_000, advertisedTo: 1, peers: 2,
        reason: "healthy", reasonCode: "advertised", checks: ["apiserver"])

    package static let unhealthy = VIPStatus(
        prefix: "2001:db8::10/128", bound: false, verdict: "unhealthy", verdictSeconds: 41, advertisedTo: 0, peers: 2,
        reason: "check web is unhealthy: connection refused", reasonCode: "unhealthy", checks: ["web"])
}
