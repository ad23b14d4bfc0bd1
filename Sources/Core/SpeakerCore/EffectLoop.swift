package import Deadlines
import IPTypes

/// Runs a Speaker: takes inputs one after the other, says what each of them asks for, and decides what a timer that fires
/// means.
///
/// Performing an effect may cause an input at once, such as an address that is bound. It waits until all effects of the
/// present input are performed. So whoever performs them takes turns until there is none left:
///
///     guard effectLoop.add(input) else { return }  // Someone further up the stack performs it.
///     while let turn = effectLoop.next(at: now) {
///         for effect in turn.effects { perform(effect) }
///     }
package struct EffectLoop: Sendable {
    /// One input and what it asks for.
    package struct Turn: Sendable {
        package let input: Input
        /// To be performed in this order, before the next turn.
        package let effects: [Effect]
        /// The pause before the peer of a `session` input is dialled again, if the input has planned another dial.
        package let redial: Duration?
    }

    /// What a timer that fires means.
    package enum Waking: Sendable, Hashable {
        /// Nothing is due before `nextDeadline`.
        case early
        /// The process did not run, or packets of BFD wait: what came meanwhile is read before anything is overdue. The
        /// timer is to fire again after `EffectLoop.readingPause`, as due at this moment.
        case readFirst(due: Instant)
        /// `deadlineReached` is due; if the process did not run for this time, and a peer would be taken for dead, `stalled`
        /// comes before.
        case due(afterStall: Duration?)
    }

    /// A timer that is later than this means that the process did not run.
    package static let stall = Duration.milliseconds(20)
    /// In this time what has arrived is read.
    package static let readingPause = Duration.microseconds(200)
    /// How often in a row what waits to be read puts a detection off. Not for ever: a flood must not keep a dead peer
    /// alive. Each turn of the daemon's loop reads 128 packets of BFD, and a socket holds a few hundred.
    private static let mostPostponements = 16

    package private(set) var speaker: Speaker
    /// The inputs, up to `position` those that had their turn.
    private var inputs: [Input] = []
    private var position = 0
    private var isTurning = false
    /// True if what arrived was read since a timer was found to be late.
    private var hasRead = false
    private var postponements = 0

    package init(_ speaker: Speaker) {
        self.speaker = speaker
    }

    /// Takes an input, whose turn comes after those of the inputs before.
    /// - Returns: True if the caller has to perform the turns; false if it is called by someone who does.
    package mutating func add(_ input: Input) -> Bool {
        inputs.append(input)
        guard !isTurning else { return false }
        isTurning = true
        return true
    }

    /// The next turn; nil if no input waits any more.
    /// - Parameter now: when the input is seen.
    package mutating func next(at now: Instant) -> Turn? {
        guard position < inputs.count else {
            inputs.removeAll(keepingCapacity: true)
            position = 0
            isTurning = false
            return nil
        }
        let input = inputs[position]
        position += 1
        guard case .session(let peer, _) = input else {
            return Turn(input: input, effects: speaker.handle(input, at: now), redial: nil)
        }
        let planned = speaker.nextAttempt(at: peer)
        let effects = speaker.handle(input, at: now)
        let next = speaker.nextAttempt(at: peer)
        return Turn(input: input, effects: effects, redial: next == planned ? nil : next.map { $0 - now })
    }

    /// The next moment at which a timer is to fire; nil if nothing waits for time.
    package var nextDeadline: Instant? { speaker.nextDeadline }

    /// Decides what a timer means that was due at `due` and fires now.
    /// - Parameters:
    ///   - hasUnread: true if something has arrived on a connection of a peer that was not read: on a machine that hardly
    ///     runs, the timer may come again and again before the sockets do. Asked only after a timer that was late.
    ///   - hasUnreadBFD: the same of packets of BFD. Asked also when one of its detections is due.
    package mutating func wake(
        due: Instant, at now: Instant, hasUnread: () -> Bool, hasUnreadBFD: () -> Bool
    ) -> Waking {
        guard let deadline = speaker.nextDeadline, deadline <= now else { return .early }
        if now - due > Self.stall, !hasRead {
            // KEEPALIVEs and answers came meanwhile.
            hasRead = true
            return .readFirst(due: due)
        }
        let isDetectionDue = speaker.isBFDDetectionDue(at: now)
        if postponements < Self.mostPostponements,
            isDetectionDue && hasUnreadBFD() || hasRead && hasUnread()
        {
            postponements += 1
            return .readFirst(due: hasRead ? due : deadline)
        }
        hasRead = false
        postponements = 0
        guard isDetectionDue else { return .due(afterStall: nil) }
        // If the whole machine stood still, a virtual one that was moved for example, no packet waits: those of that time
        // are lost or still to come.
        return .due(afterStall: now - due > Self.stall ? now - due : nil)
    }
}
