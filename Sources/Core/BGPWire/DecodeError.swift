/// Received bytes that break the protocol, with the NOTIFICATION that RFC 4271 section 6 prescribes for them.
package struct DecodeError: Error, Sendable, Hashable {
    /// What to tell the peer before the connection is closed.
    package var notification: Notification
    /// What was wrong with the bytes, in words for the operator's log.
    package var explanation: String

    /// An error that ends the session with `notification`.
    package init(_ notification: Notification, _ explanation: String) {
        self.notification = notification
        self.explanation = explanation
    }
}
