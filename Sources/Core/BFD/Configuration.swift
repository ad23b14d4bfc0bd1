/// What the operator wants of a session.
package struct BFDConfiguration: Sendable, Hashable {
    /// The least interval at which we would like to send while Up, whole microseconds.
    package let desiredMinTx: Duration
    /// The least interval at which we can receive, whole microseconds.
    package let requiredMinRx: Duration
    /// How many of our packets in a row the peer may miss.
    package let multiplier: UInt8
    /// True for RFC 5883: UDP port 4784 and no check of the TTL.
    package let isMultihop: Bool

    /// Intervals are brought into 1 µs...4294 s, which is what the wire can say and a peer can keep to, and a
    /// multiplier of 0 becomes 1.
    package init(desiredMinTx: Duration, requiredMinRx: Duration, multiplier: UInt8, isMultihop: Bool) {
        self.desiredMinTx = .microseconds(Int64(desiredMinTx.wireMicroseconds))
        self.requiredMinRx = .microseconds(Int64(requiredMinRx.wireMicroseconds))
        self.multiplier = max(1, multiplier)
        self.isMultihop = isMultihop
    }
}
