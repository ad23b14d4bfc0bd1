import BGPFSM
import BGPWire
import Deadlines
import Testing

@Suite("Dialling again")
struct RetryTests {
    /// Pauses are jittered to 75...100 %; this is the shortest and the longest for a whole pause.
    private func range(_ seconds: Double) -> ClosedRange<Duration> {
        .milliseconds(Int64(seconds * 750)) ... .milliseconds(Int64(seconds * 1_000))
    }

    /// Lets attempt after attempt end with `end`, and returns the pauses before the next dial.
    private func pauses(
        _ count: Int, _ adapt: (inout SessionConfiguration) -> Void = { _ in },
        end: (inout PeerSession, inout Instant) -> Void
    ) -> [Duration] {
        var session = PeerSession(configuration: configured(adapt), seed: 3)
        #expect(session.handle(.started, at: t0) == [.connect])
        var now = t0
        return (0..<count).map { _ in
            end(&session, &now)
            #expect(session.state == .active)
            let next = session.nextAttempt ?? now
            #expect(session.nextDeadline == next)
            defer { now = next }
            #expect(session.handle(.deadlineReached, at: next + .nanoseconds(-1)) == [])
            #expect(session.handle(.deadlineReached, at: next) == [.connect])
            return next - now
        }
    }

    private func expect(_ pauses: [Duration], _ seconds: [Double], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(pauses.count == seconds.count, sourceLocation: sourceLocation)
        for (pause, seconds) in zip(pauses, seconds) {
            #expect(range(seconds).contains(pause), sourceLocation: sourceLocation)
        }
    }

    private func fails(_ session: inout PeerSession, _ now: inout Instant) {
        _ = session.handle(.tcpFailed(.outgoing, .system(errno: 5, operation: "connect")), at: now)
    }

    private func receives(_ notification: Notification) -> (inout PeerSession, inout Instant) -> Void {
        { session, now in
            _ = session.handle(.tcpConnected(.outgoing, endpoints), at: now)
            _ = session.handle(.received(.notification(notification), .outgoing), at: now)
        }
    }

    private func establishes(for time: Duration, then event: PeerSession.Event) -> (inout PeerSession, inout Instant) ->
        Void
    {
        { session, now in
            _ = session.handle(.tcpConnected(.outgoing, endpoints), at: now)
            _ = session.handle(.received(.open(peerOpen()), .outgoing), at: now)
            _ = session.handle(.received(.keepalive, .outgoing), at: now)
            #expect(session.state == .established)
            now = now + time
            _ = session.handle(event, at: now)
        }
    }

    @Test("The first dial goes out at once, the pause doubles up to the maximum")
    func doubling() {
        expect(pauses(6, end: fails), [1, 2, 4, 5, 5, 5])
        expect(pauses(7, { $0.connectRetryMaximum = .seconds(30) }, end: fails), [1, 2, 4, 8, 16, 30, 30])
    }

    @Test(
        "While nobody is there the pause stays the first one, and counts for nothing",
        arguments: [
            TransportFailure.timedOut(md5: false, onLink: nil), .refused, .hostUnreachable, .networkUnreachable,
            .noNeighbour(interface: "eth0"), .sourceUnavailable,
        ])
    func absence(_ failure: TransportFailure) {
        var count = 0
        expect(
            pauses(6) { session, now in
                count += 1
                if count < 5 {
                    _ = session.handle(.tcpFailed(.outgoing, failure), at: now)
                } else {
                    fails(&session, &now)
                }
            }, [1, 1, 1, 1, 1, 2])
    }

    @Test("The pause is jittered by the seed, to the nanosecond")
    func jitter() {
        var generator = SeededGenerator(seed: 3)
        #expect(pauses(2, end: fails) == [generator.jittered(.seconds(1)), generator.jittered(.seconds(2))])
    }

    @Test(
        "Errors that will repeat start at 5 s and double to 60 s, sent or received",
        arguments: [
            Notification(code: 2, subcode: 2), Notification(code: 3, subcode: 1), Notification(code: 5, subcode: 1),
        ])
    func repeatingErrors(_ notification: Notification) {
        expect(pauses(6, end: receives(notification)), [5, 10, 20, 40, 60, 60])
        expect(
            pauses(6) { session, now in
                _ = session.handle(.tcpConnected(.outgoing, endpoints), at: now)
                _ = session.handle(.malformed(DecodeError(notification, "wrong"), .outgoing), at: now)
            }, [5, 10, 20, 40, 60, 60])
    }

    @Test("Cease, hold time and header errors are no errors that will repeat")
    func passingErrors() {
        for notification in [cease(4), cease(2), Notification(code: 4, subcode: 0), Notification(code: 1, subcode: 1)] {
            expect(pauses(4, end: receives(notification)), [1, 2, 4, 5])
        }
    }

    @Test("Where another speaker of this node has the session, every pause is the longest")
    func inUse() {
        expect(
            pauses(3) { session, now in
                let actions = session.handle(.tcpFailed(.outgoing, .inUse(by: "bird (pid 8)")), at: now)
                #expect(actions == [.ended(.transport(.inUse(by: "bird (pid 8)")), wasEstablished: false)])
            }, [5, 5, 5])
        expect(pauses(4, end: receives(cease(7))), [1, 5, 5, 5])
        var count = 0
        expect(
            pauses(4) { session, now in
                count += 1
                receives(cease(count == 2 ? 4 : 7))(&session, &now)
            }, [1, 2, 4, 5])
    }

    @Test("The pauses of repeating errors follow connectRetryMaximum")
    func repeatingErrorsScaled() {
        let bad = receives(Notification(code: 2, subcode: 2))
        expect(pauses(6, { $0.connectRetryMaximum = .seconds(1) }, end: bad), [1, 2, 4, 8, 12, 12])
        expect(pauses(6, { $0.connectRetryMaximum = .seconds(100) }, end: bad), [5, 10, 20, 40, 80, 100])
        expect(
            pauses(
                3,
                {
                    $0.connectRetryInitial = .seconds(10)
                    $0.connectRetryMaximum = .seconds(10)
                }, end: bad), [10, 20, 40])
    }

    @Test("After a steady session the first pause is the shortest, however often it is lost")
    func lossOfASession() {
        for event in [
            .tcpFailed(.outgoing, .closedByPeer), .received(.notification(cease(4)), .outgoing), .reset(.bfdDown),
        ] as [PeerSession.Event] {
            expect(pauses(4, end: establishes(for: .seconds(10), then: event)), [0.1, 0.1, 0.1, 0.1])
        }
        var isFirst = true
        expect(
            pauses(4) { session, now in
                if isFirst {
                    establishes(for: .seconds(10), then: .tcpFailed(.outgoing, .closedByPeer))(&session, &now)
                } else {
                    fails(&session, &now)
                }
                isFirst = false
            }, [0.1, 1, 2, 4])
    }

    @Test("After a RST on a steady session the next dial goes out at once")
    func givenUpByThePeer() {
        expect(pauses(2, end: establishes(for: .seconds(10), then: .tcpFailed(.outgoing, .reset))), [0, 0])
    }

    @Test("A session that is lost as soon as it is Established backs off like one that never was")
    func lostAtOnce() {
        for event in [
            .tcpFailed(.outgoing, .reset), .received(.notification(cease(1)), .outgoing),
        ] as [PeerSession.Event] {
            let lost = establishes(for: .nanoseconds(9_999_999_999), then: event)
            expect(pauses(5, end: lost), [1, 2, 4, 5, 5])
        }
    }

    @Test("An error right after each Established backs off as well, and is forgotten after a minute of Established")
    func errorsInEstablished() {
        let malformed = PeerSession.Event.malformed(
            DecodeError(Notification(code: 3, subcode: 1), "wrong"), .outgoing)
        expect(pauses(3, end: establishes(for: .nanoseconds(59_999_999_999), then: malformed)), [5, 10, 20])
        expect(pauses(3, end: establishes(for: .seconds(60), then: malformed)), [5, 5, 5])
    }

    @Test("No configuration makes a tight loop")
    func floor() {
        let pauses = pauses(
            5,
            {
                $0.connectRetryInitial = .zero
                $0.connectRetryMaximum = .seconds(-5)
            }, end: fails)
        expect(pauses, [0.1, 0.1, 0.1, 0.1, 0.1])
    }

    @Test("No configuration makes a pause of more than a day")
    func ceiling() {
        func longest(_ configuration: inout SessionConfiguration) {
            configuration.connectRetryInitial = .seconds(Int64.max)
            configuration.connectRetryMaximum = .seconds(Int64.max)
        }
        expect(pauses(2, longest, end: fails), [86_400, 86_400])
        expect(pauses(2, longest, end: receives(Notification(code: 2, subcode: 2))), [86_400, 86_400])
    }

    @Test("Stop and start, and reset, forget earlier failures")
    func startsAnew() {
        var session = PeerSession(configuration: configured(), seed: 3)
        _ = session.handle(.started, at: t0)
        for _ in 0..<4 {
            _ = session.handle(.tcpFailed(.outgoing, .system(errno: 5, operation: "connect")), at: t0)
            _ = session.handle(.deadlineReached, at: session.nextAttempt ?? t0)
        }
        _ = session.handle(.stopped(.administrativeShutdown, communication: ""), at: t0)
        #expect(session.nextAttempt == nil)
        #expect(session.handle(.started, at: t0) == [.connect])
        _ = session.handle(.tcpFailed(.outgoing, .system(errno: 5, operation: "connect")), at: t0)
        #expect(session.nextAttempt.map { range(1).contains($0 - t0) } == true)

        _ = session.handle(.deadlineReached, at: session.nextAttempt ?? t0)
        _ = session.handle(.tcpFailed(.outgoing, .system(errno: 5, operation: "connect")), at: t0)
        #expect(session.nextAttempt.map { range(2).contains($0 - t0) } == true)
        #expect(session.handle(.reset(.administrativeReset), at: t0) == [])
        #expect(session.nextAttempt.map { range(1).contains($0 - t0) } == true)
    }

    @Test("The peer's connection is accepted while we wait, after an error of the protocol as well")
    func acceptsWhileWaiting() {
        var session = PeerSession.inState(.openSent)
        _ = session.handle(.received(.open(peerOpen(myAS: 0)), .outgoing), at: t0)
        #expect(session.state == .active)
        #expect(session.handle(.tcpConnected(.incoming, endpoints), at: t0) == [.send(.open(ourOpen), .incoming)])
        // The dial goes on meanwhile.
        #expect(session.nextAttempt.map { session.handle(.deadlineReached, at: $0) } == [.connect])
        #expect(session.state == .openSent)
    }
}
