package import IPTypes

/// Where the packets of one session go, and where from.
package struct BFDEndpoint: Sendable, Hashable {
    /// The peer's address; a link-local one needs its zone.
    package var remote: ScopedAddress
    /// The local address to send from; nil leaves it to the routing table, packet by packet.
    package var source: IPAddress?
    /// The interface that packets leave by (SO_BINDTODEVICE); nil leaves it to the routing table.
    package var interface: String?
    /// True for RFC 5883.
    package var isMultihop: Bool

    /// An endpoint; all that is not said stays at the kernel's choice.
    package init(remote: ScopedAddress, source: IPAddress? = nil, interface: String? = nil, isMultihop: Bool) {
        self.remote = remote
        self.source = source
        self.interface = interface
        self.isMultihop = isMultihop
    }
}
