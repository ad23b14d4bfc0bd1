import BGPWire

/// How many messages of each type went one way since the session was made.
package struct MessageTally: Sendable, Hashable {
    /// OPEN messages.
    package var open = 0
    /// UPDATE messages.
    package var update = 0
    /// NOTIFICATION messages.
    package var notification = 0
    /// KEEPALIVE messages.
    package var keepalive = 0
    /// ROUTE-REFRESH messages.
    package var routeRefresh = 0

    /// No message yet.
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
        case .update(let summary): update += summary.messages
        case .notification: notification += 1
        case .keepalive: keepalive += 1
        case .routeRefresh: routeRefresh += 1
        }
    }
}
