package import BFD
package import BGPFSM
package import Health
package import IPTypes
package import Intent
package import Settings

/// Everything that can happen to the speaker. The daemon stamps each with the time it was seen.
package enum Input: Sendable, Hashable {
    /// The operator wants this, from now on: peers, checks and VIPs come, change and go, and what does not differ is not
    /// touched. The first time before `started`, and then at any time. The settings are this node's: `gateway` is
    /// expanded, and `routerID` is set (without it the present one stays).
    indirect case intended(Settings)
    /// VIPs of this source are like this from now on; those that are nil, are no more. Where two sources have the same prefix,
    /// the first in the order of `VIPSource` counts. The settings have with `intended`.
    case vips(VIPSource, [IPPrefix: VIPSettings?])
    /// The source has given all VIPs that it has. The settings have with `intended`.
    case vipsAreComplete(VIPSource)
    /// The process is up: dial the peers and run the first checks.
    case started
    /// Time has reached `Speaker.nextDeadline`.
    case deadlineReached
    /// TCP or the peer did something.
    case session(ScopedAddress, PeerSession.Event)
    /// A connection that `close` ended is gone at the peer's side too, or the peer left it open for too long.
    case connectionClosed(ScopedAddress)
    /// The process did not run for a while up to now, so that nothing of BFD could be heard.
    case stalled
    /// A BFD packet arrived, on the port for multihop sessions or on the other one.
    case bfdReceived(BFDPacket, from: ScopedAddress, isMultihop: Bool)
    /// A probe ended or its kept-open connection was lost; the check by name.
    case check(String, HealthCheck.Event)
    /// VIPs that an earlier run of ours left on the interface, found at start.
    case leftoversFound([IPPrefix])
    /// These VIPs are on the interface, put there by us or found there.
    case bound([IPPrefix])
    /// The kernel refused to put the VIP on the interface.
    case bindFailed(IPPrefix, reason: String)
    /// These VIPs are off the interface, taken off by us.
    case unbound([IPPrefix])
    /// The kernel refused to take the VIP off the interface.
    case unbindFailed(IPPrefix, reason: String)
    /// Someone took these addresses off the interface.
    case vanished([IPPrefix])
    /// The kernel was asked about VIPs that are left to others: packets to these end on this node, or do not.
    case localityFound([IPPrefix], isLocal: Bool)
    /// The peer's TCP has acknowledged all we sent (true), or did not in time (false); `round` as in the effect.
    case acknowledged(ScopedAddress, round: Int, Bool)
    /// The peer's TCP has acknowledged so many of the UPDATEs of its Established session.
    case updatesAcknowledged(ScopedAddress, Int)
    /// Planned maintenance: take this node out of service and keep running. Without a reason, one that was given before
    /// stays.
    /// `keepsSessions` leaves the sessions up when the routes are withdrawn and the VIPs unbound; the drain that takes the
    /// node out of service decides it, a later one only has another reason.
    case drainRequested(reason: String?, keepsSessions: Bool = false)
    /// Maintenance is over, as far as `drainRequested` began it.
    case undrainRequested
    /// Take one VIP out of service; the sessions and the other VIPs stay. Without a reason, one that was given before
    /// stays.
    case vipDrainRequested(IPPrefix, reason: String?)
    /// `vipDrainRequested` is over.
    case vipUndrainRequested(IPPrefix)
    /// The drain file is there, or its text has changed; `reason` is its first line, nil if that says nothing.
    case drainFileFound(reason: String?)
    /// The drain file is gone.
    case drainFileGone
    /// The program that `runProgram` started has ended, or was killed; `failure` says what is wrong, nil if nothing is.
    case programEnded(failure: String?)
    /// SIGTERM, or SIGINT: leave and exit. `isUrgent` skips settling and lingering; a second request is always urgent.
    case terminationRequested(reason: String, isUrgent: Bool)
}

/// What the daemon has to do, in the order given.
package enum Effect: Sendable, Hashable {
    /// Open this; it was not open. In a turn resources come before what needs them.
    indirect case open(Resource)
    /// What is open under this `id` is to be like this now, without an interruption where that can be done.
    indirect case change(Resource)
    /// This is not needed any more. What a connection still has to send leaves all the same.
    case close(Resource.ID)
    /// An action of one peer's session.
    case session(ScopedAddress, PeerSession.Action)
    /// Send this BFD packet to the peer, after everything that was sent before is with the kernel.
    case bfd(ScopedAddress, BFDPacket)
    /// Answer with `acknowledged` when the peer's TCP has everything, or after this time. `round` tells the answers
    /// of one departure from those of the next.
    case awaitAcknowledgement(ScopedAddress, round: Int, within: Duration)
    /// Run one probe of this check now.
    case probe(String)
    /// Put VIPs on the interface; answer each with `bound` or `bindFailed`. Connections of this node to them on other nodes
    /// end.
    case bind([IPPrefix], globalScope: Bool)
    /// End the connections of remote clients to VIPs of ours and take the VIPs off the interface, after everything that was
    /// sent before is with the kernel; then end the connections that this node has to itself by them. Answer each with
    /// `unbound` or `unbindFailed`.
    case unbind([IPPrefix])
    /// Run the program of `onChange` with what has changed, and kill it after this time; answer with `programEnded`.
    case runProgram(Change, within: Duration)
    /// Something an operator may want to know.
    case report(Report)
    /// Everything is withdrawn, said and unbound: end the process with status 0.
    case exit
    /// Everything is withdrawn and said, and the kernel refused to take VIPs off the interface: end the process with
    /// status 1.
    case exitStillBound
}

/// A decision, for the log and the metrics. One file of the daemon words them.
package enum Report: Sendable, Hashable {
    /// The settings of a running speaker were replaced; this is the difference, which may be empty.
    case intentChanged(IntentChange)
    case sessionEstablished(ScopedAddress, Negotiated)
    /// We ended an Established session ourselves.
    case sessionClosed(ScopedAddress, reason: String)
    /// An Established session ended for another reason.
    case sessionLost(ScopedAddress, reason: String)
    /// An attempt to establish a session failed for another reason than the attempt before.
    case attemptFailed(ScopedAddress, reason: String)
    /// The peer sent an UPDATE that is wrong in a way the session survives (RFC 7606).
    case malformedUpdate(ScopedAddress, String)
    case bfdUp(ScopedAddress)
    /// BFD finds the path to the peer broken; its BGP session is closed, if it is Established.
    case bfdDown(ScopedAddress, reason: String, endsSession: Bool)
    /// The peer's operator has shut BFD down; its BGP session goes on.
    case bfdShutDownByPeer(ScopedAddress)
    /// BFD is not up after a while.
    case bfdNotUp(ScopedAddress, reason: String)
    /// The BGP session is not started before BFD is up.
    case waitingForBFD(ScopedAddress)
    /// So many reports about this peer were held back, because it causes too many; its BGP session and BFD, if it has
    /// it, are in these states now.
    case suppressed(ScopedAddress, count: Int, state: String, bfd: String?)
    case checkChanged(String, Verdict)
    /// So many changes of this check's verdict were held back, and what followed from them, because there are too many; it is
    /// this now.
    case verdictsSuppressed(String, count: Int, Verdict)
    /// The process did not run for so long that the verdict ran out; the next probe decides.
    case checkExcused(String, Duration)
    /// The check's server refuses anonymous requests, which counts as healthy.
    case refusalAccepted(String, reason: String)
    /// VIPs whose checks, taken together, say something else than before.
    case vipsChanged([IPPrefix], Verdict)
    case bound([IPPrefix])
    case unbound([IPPrefix])
    case bindFailed(IPPrefix, reason: String)
    case unbindFailed(IPPrefix, reason: String)
    /// The process ends, and these VIPs stay on the interface because the kernel refused to remove them.
    case leftBound([IPPrefix], interface: String)
    /// VIPs that others put on this node are not there: not advertised.
    case notLocal([IPPrefix])
    /// VIPs that others put on this node are there now.
    case becameLocal([IPPrefix])
    /// These VIPs are unhealthy, and stay bound and advertised as the last resort.
    case keptAsLastResort([IPPrefix])
    /// Someone else removed the address; it is being put back.
    case vanished([IPPrefix])
    /// So many reports of addresses that someone else removed were held back: there are too many.
    case vanishingSuppressed(count: Int)
    /// An earlier run left this address; it stays until the first verdict.
    case adopted([IPPrefix])
    /// An earlier run left this address, and it is not configured any more.
    case leftoverRemoved([IPPrefix])
    case advertised(ScopedAddress, [IPPrefix])
    case withdrawn(ScopedAddress, [IPPrefix])
    /// A VIP cannot be advertised on a session that is up, and why.
    case notCarried(ScopedAddress, [IPPrefix], reason: String)
    case departureStarted(reason: String, exits: Bool)
    /// A step of leaving; with `keepsSessions` the sessions stay when the node is away.
    case departureStep(Departure.Step, keepsSessions: Bool = false)
    /// One VIP is drained on its own, or for another reason than before.
    case vipDrainStarted(IPPrefix, reason: String)
    case vipDrainStep(IPPrefix, Departure.Step)
    case vipUndrained(IPPrefix)
    /// A peer's TCP did not acknowledge the withdrawal in time.
    case withdrawalUnacknowledged(ScopedAddress)
    case undrained
    /// The program of `onChange` could not be run, or says that it failed.
    case programFailed(String, reason: String)
    /// The program of `onChange` takes so long that changes have to be left out.
    case changesLeftOut(String)
    /// The node stays out of service for another reason than before: one who drains it has come, gone or changed.
    case drainReasonChanged(String)
}
