package import BGPFSM
package import IPTypes

/// Where and how a peer is reached over TCP.
package struct PeerEndpoint: Sendable, Hashable {
    /// The peer's address; a link-local one needs its zone.
    package var remote: ScopedAddress
    /// The peer's TCP port.
    package var port: UInt16
    /// The local address to connect from; nil leaves it to the routing table.
    package var source: IPAddress?
    /// The interface that the connection is tied to (SO_BINDTODEVICE); nil leaves it to the routing table.
    package var interface: String?
    package var hops: Hops
    /// The TCP MD5 key (RFC 2385), 1...80 bytes; nil sends unsigned segments.
    package var md5Key: [UInt8]?
    /// How long to wait for an answer to our SYN. Longer than the three seconds that the kernel takes to notice a
    /// neighbour that does not answer, so that the more telling error comes first.
    package var connectTimeout: Duration
    /// How long written bytes may stay unacknowledged before the kernel ends the connection (TCP_USER_TIMEOUT).
    package var userTimeout: Duration
    /// Host routes that are looked for in the peer's UPDATEs.
    package var watched: Set<IPPrefix> = []

    /// An endpoint; all that is not said stays at the kernel's choice.
    package init(
        remote: ScopedAddress, port: UInt16 = 179, source: IPAddress? = nil, interface: String? = nil, hops: Hops,
        md5Key: [UInt8]? = nil, connectTimeout: Duration = .seconds(5), userTimeout: Duration
    ) {
        self.remote = remote
        self.port = port
        self.source = source
        self.interface = interface
        self.hops = hops
        self.md5Key = md5Key
        self.connectTimeout = connectTimeout
        self.userTimeout = userTimeout
    }
}

/// The key is a secret, so it is left out wherever an endpoint is printed.
extension PeerEndpoint: CustomStringConvertible, CustomReflectable {
    package var description: String {
        "\(remote) port \(port), \(hops)\(md5Key == nil ? "" : ", MD5")"
    }

    package var customMirror: Mirror {
        Mirror(self, children: ["remote": remote, "port": port, "hops": hops])
    }
}
