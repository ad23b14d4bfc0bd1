import BGPFSM
import BGPWire
import Deadlines
import Testing

/// Every event of RFC 4271 section 8.1 in every state. A cell lists the actions and the state afterwards; `.` stands
/// for no action and no change. `other:` marks actions on the connection of the other direction.
@Suite("State and event table")
struct StateEventTableTests {
    @Test("A session that we dial", arguments: dialledTable)
    func dialled(_ row: Row) {
        check(row, .outgoing, [.idle, .connect, .active, .openSent, .openConfirm, .established])
    }

    @Test("A session that the peer dials", arguments: acceptedTable)
    func accepted(_ row: Row) {
        check(row, .incoming, [.idle, .active, .openSent, .openConfirm, .established])
    }

    private func check(_ row: Row, _ direction: Direction, _ states: [PeerSession.State]) {
        #expect(row.cells.count == states.count)
        for (state, expected) in zip(states, row.cells) {
            var session = PeerSession.inState(state, direction)
            #expect(session.state == state)
            let deadline = row.due(session)
            let actions = deadline.map { session.handle(row.event(direction), at: $0) } ?? []
            let text =
                (actions.map { $0.short(direction) } + (session.state == state ? [] : ["→ \(session.state.rawValue)"]))
                .joined(separator: ", ")
            #expect((text.isEmpty ? "." : text) == expected, "\(row.name) in \(state.rawValue)")
        }
    }
}

/// One event, and what it does in each state.
struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let event: @Sendable (Direction) -> PeerSession.Event
    /// When the event comes; nil if it cannot come in this state, because its timer does not run.
    let due: @Sendable (PeerSession) -> Instant?
    let cells: [String]

    init(
        _ name: String, _ event: @escaping @Sendable (Direction) -> PeerSession.Event, _ cells: [String],
        due: @escaping @Sendable (PeerSession) -> Instant? = { _ in t0 }
    ) {
        self.name = name
        self.event = event
        self.due = due
        self.cells = cells
    }

    var testDescription: String { name }
}

private let badAS = peerOpen(myAS: 64999, capabilities: [.multiprotocol(.ipv4Unicast)])
private let refresh = ReceivedMessage.routeRefresh(RouteRefresh(family: .ipv4Unicast))
private let update = ReceivedMessage.update(UpdateSummary(announced: 1, withdrawn: 0))

private func malformed(_ code: UInt8, _ subcode: UInt8, _ data: [UInt8] = []) -> DecodeError {
    DecodeError(Notification(code: code, subcode: subcode, data: data), "wrong")
}

/// Idle, Connect, Active, OpenSent, OpenConfirm, Established.
let dialledTable: [Row] = [
    Row("1 started", { _ in .started }, ["connect, → Connect", ".", ".", ".", ".", "."]),
    Row(
        "2 stopped", { _ in .stopped(.administrativeShutdown, communication: "") },
        [
            ".", "close, ended, → Idle", "→ Idle", "6/2, close, ended, → Idle", "6/2, close, ended, → Idle",
            "6/2, close, ENDED, → Idle",
        ]),
    Row(
        "8 reset", { _ in .reset(.otherConfigurationChange) },
        [
            ".", "close, ended, → Active", ".", "6/6, close, ended, → Active", "6/6, close, ended, → Active",
            "6/6, close, ENDED, → Active",
        ]),
    Row("no timer due", { _ in .deadlineReached }, [".", ".", ".", ".", ".", "."]),
    Row(
        "9 connect-retry timer", { _ in .deadlineReached }, [".", ".", "connect, → Connect", ".", ".", "."],
        due: { $0.nextAttempt }),
    Row(
        "10 hold timer", { _ in .deadlineReached },
        [
            ".", ".", ".", "4/0, close, ended, → Active", "4/0, close, ended, → Active", "4/0, close, ENDED, → Active",
        ],
        due: {
            [.idle: nil, .connect: nil, .active: nil, .openSent: t0 + .seconds(60)][$0.state, default: t0 + .seconds(9)]
        }),
    Row(
        "11 keepalive timer", { _ in .deadlineReached }, [".", ".", ".", ".", "KEEPALIVE", "KEEPALIVE"],
        due: { $0.state == .active || $0.state == .openSent ? nil : $0.nextDeadline }),
    Row(
        "16 dial answered", { _ in .tcpConnected(.outgoing, endpoints) },
        ["close", "OPEN, → OpenSent", "close", ".", ".", "."]),
    Row(
        "17 peer connects", { _ in .tcpConnected(.incoming, endpoints) },
        [
            "other:reject 6/5", "other:OPEN, → OpenSent", "other:OPEN, → OpenSent", "other:OPEN", "other:OPEN",
            "other:OPEN",
        ]),
    Row(
        "18 TCP fails", { .tcpFailed($0, .reset) },
        [".", "ended, → Active", ".", "ended, → Active", "ended, → Active", "ENDED, → Active"]),
    Row("18 other TCP fails", { .tcpFailed($0.other, .reset) }, [".", ".", ".", ".", ".", "."]),
    Row(
        "19 OPEN", { .received(.open(peerOpen()), $0) },
        [
            ".", ".", ".", "KEEPALIVE, → OpenConfirm", "5/2 01, close, ended, → Active",
            "5/3 01, close, ENDED, → Active",
        ]),
    Row(
        "22 OPEN with a wrong AS", { .received(.open(badAS), $0) },
        [
            ".", ".", ".", "2/2, close, ended, → Active", "5/2 01, close, ended, → Active",
            "5/3 01, close, ENDED, → Active",
        ]),
    Row(
        "21 header error", { .malformed(malformed(1, 2, [0, 18]), $0) },
        [
            ".", ".", ".", "1/2 00 12, close, ended, → Active", "1/2 00 12, close, ended, → Active",
            "1/2 00 12, close, ENDED, → Active",
        ]),
    Row(
        "22 malformed OPEN", { .malformed(malformed(2, 1, [0, 4]), $0) },
        [
            ".", ".", ".", "2/1 00 04, close, ended, → Active", "2/1 00 04, close, ended, → Active",
            "5/3 01, close, ENDED, → Active",
        ]),
    Row(
        "28 malformed UPDATE", { .malformed(malformed(3, 1), $0) },
        [
            ".", ".", ".", "5/1 02, close, ended, → Active", "5/2 02, close, ended, → Active",
            "3/1, close, ENDED, → Active",
        ]),
    Row(
        "malformed ROUTE-REFRESH", { .malformed(malformed(7, 1), $0) },
        [
            ".", ".", ".", "5/1 05, close, ended, → Active", "5/2 05, close, ended, → Active",
            "7/1, close, ENDED, → Active",
        ]),
    Row(
        "24 NOTIFICATION of version",
        { .received(.notification(Notification(code: 2, subcode: 1, data: [0, 4])), $0) },
        [".", ".", ".", "close, ended, → Active", "close, ended, → Active", "close, ENDED, → Active"]),
    Row(
        "25 NOTIFICATION", { .received(.notification(Notification(code: 99, subcode: 99)), $0) },
        [".", ".", ".", "close, ended, → Active", "close, ended, → Active", "close, ENDED, → Active"]),
    Row(
        "26 KEEPALIVE", { .received(.keepalive, $0) },
        [".", ".", ".", "5/1 04, close, ended, → Active", "established, → Established", "."]),
    Row(
        "27 UPDATE", { .received(update, $0) },
        [".", ".", ".", "5/1 02, close, ended, → Active", "5/2 02, close, ended, → Active", "."]),
    Row(
        "ROUTE-REFRESH", { .received(refresh, $0) },
        [".", ".", ".", "5/1 05, close, ended, → Active", "5/2 05, close, ended, → Active", "routes ipv4-unicast"]),
]

/// Idle, Active, OpenSent, OpenConfirm, Established: what differs from `dialledTable`, and the rest without Connect.
let acceptedTable: [Row] =
    [
        Row("1 started", { _ in .started }, ["→ Active", ".", ".", ".", "."]),
        Row("9 connect-retry timer", { _ in .deadlineReached }, [".", ".", ".", ".", "."], due: { $0.nextAttempt }),
        Row(
            "16 dial answered", { _ in .tcpConnected(.outgoing, endpoints) },
            ["other:close", "other:close", "other:close", "other:close", "other:close"]),
        Row(
            "17 peer connects", { _ in .tcpConnected(.incoming, endpoints) },
            ["reject 6/5", "OPEN, → OpenSent", "6/7, close, OPEN", "reject 6/7", "reject 6/7"]),
    ]
    + dialledTable.filter {
        !["1 started", "9 connect-retry timer", "16 dial answered", "17 peer connects"].contains($0.name)
    }
    .map { row in
        var cells = row.cells
        cells.remove(at: 1)
        return Row(row.name, row.event, cells, due: row.due)
    }

extension Direction {
    fileprivate var other: Direction { self == .outgoing ? .incoming : .outgoing }
}

extension PeerSession.Action {
    /// The action in a few letters, seen from the connection of `direction`.
    fileprivate func short(_ direction: Direction) -> String {
        switch self {
        case .connect: "connect"
        case .send(let message, let target): (target == direction ? "" : "other:") + message.short
        case .close(let target): (target == direction ? "" : "other:") + "close"
        case .abort(let target): (target == direction ? "" : "other:") + "abort"
        case .windowProbe(let target): (target == direction ? "" : "other:") + "probe"
        case .rejectIncoming(let notification):
            (direction == .incoming ? "" : "other:") + "reject " + Message.notification(notification).short
        case .established(_, let target): (target == direction ? "" : "other:") + "established"
        case .routesRequested(let family): "routes \(family)"
        case .ended(_, let wasEstablished): wasEstablished ? "ENDED" : "ended"
        }
    }
}

extension Message {
    fileprivate var short: String {
        guard case .notification(let notification) = self else { return "\(type)" }
        let data = notification.data.map { ($0 < 16 ? " 0" : " ") + String($0, radix: 16) }.joined()
        return "\(notification.code)/\(notification.subcode)\(data)"
    }
}
