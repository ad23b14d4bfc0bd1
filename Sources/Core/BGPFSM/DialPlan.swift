/// When one dial sends SYNs. The kernel would repeat one after a second, and a path that is back would wait for that: so
/// each comes from a socket of its own. The earlier ones stay good for a while, and the first to the end, so that a peer
/// that is far away is reached as well.
package enum DialPlan {
    /// One SYN, and how the dial goes on from there.
    package struct Attempt: Sendable, Hashable {
        /// How long this SYN may be without an answer.
        package let timeout: Duration
        /// The pause before the next one; nil if this is the last.
        package let next: Duration?

        package init(timeout: Duration, next: Duration?) {
            self.timeout = timeout
            self.next = next
        }
    }

    /// How long a SYN may be without an answer before the next one goes out.
    package static let patience = Duration.milliseconds(200)
    /// How long each socket but the first waits.
    package static let life = Duration.seconds(1)

    /// The SYN that is due.
    /// - Parameters:
    ///   - left: until the dial is given up.
    ///   - isAlone: true if no other SYN waits for an answer.
    package static func attempt(left: Duration, isAlone: Bool) -> Attempt {
        Attempt(timeout: isAlone ? left : min(left, life), next: left <= patience ? nil : patience)
    }
}
