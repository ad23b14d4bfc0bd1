package import BGPFSM
package import BGPWire

/// What happens to a connection.
package enum ConnectionEvent: Sendable, Hashable {
    /// Our SYN has had no answer for `DialPlan.patience`, once more; the next one goes out.
    case unanswered
    /// TCP is up.
    case connected(Endpoints)
    /// A sound message arrived; several UPDATEs that came together may be summed up in one.
    case received(ReceivedMessage)
    /// The peer's TCP has acknowledged the OPEN that was sent on this connection.
    case openAcknowledged
    /// The peer's TCP has acknowledged so many of the UPDATEs that were sent on this connection.
    case acknowledged(updates: Int)
    /// Bytes arrived that break the protocol. What follows them is thrown away until `close()`.
    case malformed(DecodeError)
    /// The connection could not be opened, or has ended. Nothing follows.
    case ended(TransportFailure)
}
