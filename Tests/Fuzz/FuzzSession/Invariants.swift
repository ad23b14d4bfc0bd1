import BGPFSM
import BGPWire
import Deadlines
import Fuzzing

/// What must be true of a session after each event.
func check(
    _ session: PeerSession, after event: PeerSession.Event, before: PeerSession, shell: ShellModel, at now: Instant
) {
    checkState(session, shell)
    checkTime(session, after: event, before: before, shell, at: now)
    checkCounts(session, before: before, shell)
    checkRestart(session, after: event, before: before)
    if case .stopped = event {
        require(session.state == .idle && session.nextDeadline == nil, "stopped, but \(session.state)")
    }
    if case .malformed(_, let direction) = event {
        require(shell.lines[direction] == nil, "a connection goes on behind octets that mean nothing")
    }
    if let end = session.lastEnd, session.lastEnd != before.lastEnd {
        require(end.at == now, "an end at another time")
        requireOneLine(end.reason.words(session.configuration))
    }
}

/// Session and shell agree on what there is.
private func checkState(_ session: PeerSession, _ shell: ShellModel) {
    let state = session.state
    require((state == .idle) == !shell.isStarted, "\(state) while started is \(shell.isStarted)")
    require((state == .established) == (shell.established != nil), "\(state) with \(shell.lines.keys)")
    require(session.establishedDirection == shell.established, "another connection is Established")
    require(
        session.negotiated == shell.established.flatMap { shell.lines[$0]?.negotiated }, "something else was agreed")
    let isUp = [.openSent, .openConfirm, .established].contains(state)
    require(isUp == !shell.lines.isEmpty, "\(state) with \(shell.lines.keys)")
    require(isUp || (state == .connect) == shell.isDialling, "\(state) while dialling is \(shell.isDialling)")
    require(state != .established || !shell.isDialling, "dials while Established")
    if session.configuration.isPassive {
        require(!shell.isDialling && session.nextAttempt == nil, "a passive session dials")
    } else {
        require(state != .active || session.nextAttempt != nil, "nothing will ever happen again")
    }
    guard let negotiated = session.negotiated else { return }
    let configuration = session.configuration
    require(negotiated.holdTime == 0 || negotiated.holdTime >= 3, "a hold time of \(negotiated.holdTime) s")
    require(negotiated.holdTime <= configuration.holdTime, "a longer hold time than ours")
    require(negotiated.families.isSubset(of: configuration.families), "families that we did not offer")
    require((session.keepaliveInterval == nil) == (negotiated.holdTime == 0), "KEEPALIVEs against the agreement")
}

/// Nothing is overdue, nothing comes too early, and nobody is believed alive for longer than was agreed.
private func checkTime(
    _ session: PeerSession, after event: PeerSession.Event, before: PeerSession, _ shell: ShellModel, at now: Instant
) {
    if let attempt = session.nextAttempt {
        require(shell.isStarted && !shell.isDialling && shell.lines[.outgoing] == nil, "a dial too many is planned")
        // The shortest pause is 100 ms before jitter: no loop at the speed of a LAN. Only a peer that resets a steady
        // session, having given it up before, is dialled at once.
        let isGivenUp =
            if case .tcpFailed(_, .reset) = event, before.state == .established, let since = before.stateSince {
                now - since >= .seconds(10)
            } else { false }
        if attempt != before.nextAttempt {
            require(isGivenUp || attempt - now >= .milliseconds(75), "dials again at once")
        }
    }
    if session.state == .established, before.state != .established {
        require(session.stateSince == now, "Established since another time")
    }
    guard event == .deadlineReached else { return }
    require(session.nextDeadline.map { $0 > now } ?? true, "a deadline that was reached is still there")
    for line in shell.lines.values {
        guard let heard = line.heard, let holdTime = line.negotiated?.holdTime, holdTime > 0 else { continue }
        require(now - heard < .seconds(Int64(holdTime)), "the peer was silent for the hold time")
    }
}

/// Every message and every end is counted once, and nothing is counted back.
private func checkCounts(_ session: PeerSession, before: PeerSession, _ shell: ShellModel) {
    require(session.sent == shell.sent, "\(session.sent) sent, seen were \(shell.sent)")
    require(session.received == shell.received, "\(session.received) received, given were \(shell.received)")
    let ends = session.flaps + session.plannedEnds
    require(ends == shell.ended, "\(ends) ends, told were \(shell.ended)")
    require(session.prefixesDiscarded >= before.prefixesDiscarded, "prefixes were counted back")
}

/// RFC 4271 section 6.8: what comes on another connection cannot end the Established session, unless the peer has
/// promised graceful restart, and then without a NOTIFICATION (RFC 4724 section 5).
private func checkRestart(_ session: PeerSession, after event: PeerSession.Event, before: PeerSession) {
    guard let direction = before.establishedDirection, session.flaps > before.flaps else { return }
    switch event {
    case .tcpConnected: break
    case .received(_, let other) where other != direction: break
    case .tcpFailed(let other, _) where other != direction: break
    case .malformed(_, let other) where other != direction: break
    case .started, .stopped, .reset, .deadlineReached, .received, .tcpFailed, .malformed,
        .withdrawalIgnored, .openAcknowledged:
        return
    }
    let promised = before.negotiated?.peerCapabilities.contains { capability in
        if case .gracefulRestart(let restart) = capability { !restart.families.isEmpty } else { false }
    }
    require(promised == true, "another connection ended the Established one")
    require(session.lastNotificationSent == before.lastNotificationSent, "a NOTIFICATION to a peer that restarted")
    require(session.lastEnd?.reason == .peerRestarted, "ended for another reason")
}
