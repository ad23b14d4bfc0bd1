import BGPFSM
import NIOCore

/// What the peer's TCP has taken. The kernel has no event for it, so it is asked, only while a withdrawal waits for it.
extension PeerConnection {
    /// The first and the longest pause between two questions.
    private static let firstPause = TimeAmount.milliseconds(1)
    private static let longestPause = TimeAmount.milliseconds(100)

    /// Bytes that the peer's TCP has acknowledged; nil if the kernel does not tell.
    private var acknowledgedBytes: Int? {
        guard state == .open || state == .closing,
            let answer = try? channel?.withDescriptor(\.unacknowledgedBytes), let unread = answer
        else { return nil }
        return sentBytes - pendingBytes - unread
    }

    /// True if the peer's TCP has acknowledged all that was sent.
    var isAcknowledged: Bool { acknowledgedBytes.map { $0 >= sentBytes } ?? false }

    /// Tells whether the peer's TCP has acknowledged all that was sent: true as soon as it has, false when `limit`
    /// has passed or the connection is gone.
    package func whenAcknowledged(within limit: Duration, _ done: @escaping @Sendable (Bool) -> Void) {
        loop.assertInEventLoop()
        let deadline = loop.now + TimeAmount(limit)
        loop.execute { self.checkAcknowledged(until: deadline, done) }
    }

    private func checkAcknowledged(until deadline: NIODeadline, _ done: @escaping @Sendable (Bool) -> Void) {
        guard let acknowledgedBytes else { return done(false) }
        if acknowledgedBytes >= sentBytes { return done(true) }
        guard loop.now < deadline else { return done(false) }
        loop.scheduleTask(in: Self.firstPause) { self.checkAcknowledged(until: deadline, done) }
    }

    /// Reports `openAcknowledged` or `acknowledged` when the peer's TCP has the OPEN or the last UPDATE that was sent, and
    /// does so again for UPDATEs that are sent meanwhile.
    func awaitAcknowledgement() {
        guard awaited == nil else { return }
        awaited = (sentUpdates.count, sentUpdates.end, loop.now)
        loop.scheduleTask(in: Self.firstPause) { self.checkAwaited() }
    }

    private func checkAwaited() {
        guard let awaited, let acknowledgedBytes else { return }
        guard acknowledgedBytes < awaited.end else {
            self.awaited = nil
            report([awaited.update == 0 ? .openAcknowledged : .acknowledged(updates: awaited.update)])
            if sentUpdates.count > awaited.update { awaitAcknowledgement() }
            return
        }
        // A peer that reads nothing may do so for minutes.
        let waited = loop.now - awaited.since
        let pause = min(max(Self.firstPause, .nanoseconds(waited.nanoseconds / 4)), Self.longestPause)
        loop.scheduleTask(in: pause) { self.checkAwaited() }
    }
}
