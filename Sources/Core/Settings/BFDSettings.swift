/// BFD (RFC 5880) with one peer.
package struct BFDSettings: Sendable, Hashable {
    /// The least interval at which we send while the session is up.
    package var transmitInterval: Duration
    /// The least interval at which we want to receive.
    package var receiveInterval: Duration
    /// How many of our packets in a row may be missing before the peer takes us for dead, at least 1.
    package var multiplier: UInt8
    /// True if the BGP session is started only while BFD is up.
    package var isStrict: Bool

    package init(
        transmitInterval: Duration = defaultInterval, receiveInterval: Duration = defaultInterval,
        multiplier: UInt8 = 3, isStrict: Bool = false
    ) {
        self.transmitInterval = transmitInterval
        self.receiveInterval = receiveInterval
        self.multiplier = multiplier
        self.isStrict = isStrict
    }

    /// What `true` means: the interval that FRR and kube-vip have by default, which every router can keep.
    package static let defaultInterval = Duration.milliseconds(300)
    /// Intervals that can be asked for.
    static let intervals: ClosedRange<Duration> = .milliseconds(10) ... .seconds(60)
}

extension PeerSettings {
    /// True if BFD packets to this peer may pass routers (RFC 5883).
    package var isBFDMultihop: Bool {
        switch distance {
        case .direct: false
        case .multihop: true
        case .ttlSecurity(let hops): hops > 1
        }
    }
}
