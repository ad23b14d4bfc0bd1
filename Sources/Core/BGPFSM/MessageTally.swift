import BGPWire

/// How many messages of each type went one way since the session was made.
package struct MessageTally: Sendable, Hashable {
    package var open = 0
    package var update = 0
    package var notification = 0
    package var keepalive = 0
    package var routeRefresh = 0

    package init() {}

    mutating func count(_ message: Message) {
        switch message {
        case .open: open += 1
        case .update: update += 1
        case .notification: notification += 1
        case .keepalive: keepalive += 1
        case .routeRefresh: routeRefresh += 1
        }
    }

    mutating func count(_ message: ReceivedMessage) {
        switch message {
        case .open: open += 1
        case .update: update += 1
        case .notification: notification += 1
        case .keepalive: keepalive += 1
        case .routeRefresh: routeRefresh += 1
        }
    }
}
