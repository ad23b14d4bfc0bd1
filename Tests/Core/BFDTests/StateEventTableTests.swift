import Deadlines
import Testing

@testable import BFD

/// Every event in every state: the exact actions, the state and the diagnostic.
@Suite("State × event")
struct StateEventTableTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var state: BFDState
        var event: BFDSession.Event
        var actions: [BFDSession.Action] = []
        var next: BFDState?
        var diagnostic: BFDDiagnostic?

        var testDescription: String { "\(state), \(event)" }

        /// The peer's packet in this state.
        static func heard(
            _ state: BFDState, _ heard: BFDState, _ actions: [BFDSession.Action] = [], next: BFDState? = nil,
            _ diagnostic: BFDDiagnostic? = nil
        ) -> Row {
            Row(state: state, event: .received(.theirs(heard)), actions: actions, next: next, diagnostic: diagnostic)
        }
    }

    private static func stopped(_ state: BFDState, poll: Bool = false) -> Row {
        Row(
            state: state, event: .stopped,
            actions: [
                .send(.ours(.adminDown, .administrativelyDown, poll: poll)), .changed(state, .adminDown, .stopped),
            ], next: .adminDown, diagnostic: .administrativelyDown)
    }

    private static func forced(_ state: BFDState, poll: Bool) -> Row {
        Row(
            state: state, event: .forcedDown,
            actions: [.send(.ours(.down, .pathDown, poll: poll)), .changed(state, .down, .forced)],
            next: .down, diagnostic: .pathDown)
    }

    private static func up(_ state: BFDState, _ heard: BFDState) -> Row {
        .heard(
            state, heard, [.send(.ours(.up, poll: true)), .changed(state, .up, .heard)], next: .up, BFDDiagnostic.none)
    }

    private static func down(_ state: BFDState, _ heard: BFDState, _ cause: BFDTransition.Cause, poll: Bool) -> Row {
        .heard(
            state, heard, [.send(.ours(.down, .neighborSignaledDown, poll: poll)), .changed(state, .down, cause)],
            next: .down, .neighborSignaledDown)
    }

    static let rows: [Row] = [
        Row(
            state: .adminDown, event: .started,
            actions: [.send(.ours(.down)), .changed(.adminDown, .down, .started)], next: .down,
            diagnostic: BFDDiagnostic.none),
        Row(state: .adminDown, event: .stopped),
        .heard(.adminDown, .adminDown), .heard(.adminDown, .down), .heard(.adminDown, .initializing),
        .heard(.adminDown, .up),
        Row(state: .adminDown, event: .forcedDown),
        Row(state: .adminDown, event: .deadlineReached),
        Row(state: .adminDown, event: .configured(fast)),

        Row(state: .down, event: .started),
        stopped(.down),
        .heard(.down, .adminDown),
        .heard(
            .down, .down, [.send(.ours(.initializing)), .changed(.down, .initializing, .heard)], next: .initializing),
        up(.down, .initializing),
        .heard(.down, .up),
        Row(state: .down, event: .forcedDown),
        Row(state: .down, event: .deadlineReached),
        Row(state: .down, event: .configured(fast)),

        Row(state: .initializing, event: .started),
        stopped(.initializing),
        down(.initializing, .adminDown, .peerAdministrativelyDown, poll: false),
        .heard(.initializing, .down),
        up(.initializing, .initializing),
        up(.initializing, .up),
        forced(.initializing, poll: false),
        Row(state: .initializing, event: .deadlineReached),
        Row(state: .initializing, event: .configured(fast)),

        Row(state: .up, event: .started),
        stopped(.up, poll: true),
        down(.up, .adminDown, .peerAdministrativelyDown, poll: true),
        down(.up, .down, .peerSignaledDown(.none), poll: true),
        .heard(.up, .initializing), .heard(.up, .up),
        forced(.up, poll: true),
        Row(state: .up, event: .deadlineReached),
        Row(state: .up, event: .configured(fast)),
    ]

    @Test("An event in a state has exactly these actions", arguments: rows)
    func row(_ row: Row) {
        var session = session(row.state)
        #expect(session.state == row.state)
        let diagnostic = session.diagnostic
        #expect(session.handle(row.event, at: t0) == row.actions)
        #expect(session.state == row.next ?? row.state)
        #expect(session.diagnostic == row.diagnostic ?? diagnostic)
    }

    @Test("The table is complete")
    func isComplete() {
        #expect(Self.rows.count == BFDState.allCases.count * (5 + BFDState.allCases.count))
    }

    @Test(
        "A poll is answered at once in every state, with Poll clear; a new state rides along",
        arguments: [
            (
                BFDState.adminDown, BFDState.up,
                [BFDSession.Action.send(.ours(.adminDown, .administrativelyDown, final: true))]
            ),
            (.down, .adminDown, [.send(.ours(.down, final: true))]),
            (.initializing, .down, [.send(.ours(.initializing, final: true))]),
            (.up, .up, [.send(.ours(.up, final: true))]),
            (.initializing, .up, [.send(.ours(.up, final: true)), .changed(.initializing, .up, .heard)]),
        ])
    func poll(_ state: BFDState, _ heard: BFDState, _ actions: [BFDSession.Action]) {
        var session = session(state)
        #expect(session.handle(.received(.theirs(heard, poll: true)), at: t0) == actions)
    }

    @Test("A path failure is a failure of Up that no operator caused")
    func pathFailures() {
        let causes: [BFDTransition.Cause] = [
            .started, .stopped, .heard, .detectionTimeExpired(.milliseconds(150)), .peerSignaledDown(.pathDown),
            .peerAdministrativelyDown, .forced,
        ]
        let failures = causes.map { BFDTransition(from: .up, to: .down, cause: $0).isPathFailure }
        #expect(failures == [false, false, false, true, true, false, true])
        for state in [BFDState.adminDown, .down, .initializing] {
            #expect(causes.allSatisfy { !BFDTransition(from: state, to: .down, cause: $0).isPathFailure })
        }
        #expect(
            causes.map(\.description) == [
                "started", "stopped", "the peer answers", "nothing heard for 150 ms",
                "the peer signaled Down (path down)", "the peer's operator shut BFD down", "the path is down",
            ])
        #expect(
            BFDTransition(from: .up, to: .down, cause: .peerSignaledDown(.none)).description
                == "Up to Down: the peer signaled Down")
    }
}
