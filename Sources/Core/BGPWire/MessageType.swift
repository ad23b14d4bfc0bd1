/// The type octet of a message header (RFC 4271 section 4.1, RFC 2918 section 3).
package enum MessageType: UInt8, Sendable, Hashable, CaseIterable {
    case open = 1
    case update = 2
    case notification = 3
    case keepalive = 4
    case routeRefresh = 5

    /// Octets of the shortest message of this type, header included (RFC 4271 section 6.1, RFC 2918 section 3).
    var minimumLength: Int {
        switch self {
        case .open: 29
        case .update: 23
        case .notification: 21
        case .keepalive: 19
        case .routeRefresh: 23
        }
    }
}

extension MessageType: CustomStringConvertible {
    /// The name as the RFCs write it, `ROUTE-REFRESH` for instance.
    package var description: String {
        switch self {
        case .open: "OPEN"
        case .update: "UPDATE"
        case .notification: "NOTIFICATION"
        case .keepalive: "KEEPALIVE"
        case .routeRefresh: "ROUTE-REFRESH"
        }
    }
}

extension Message {
    /// The type octet of this message.
    package var type: MessageType {
        switch self {
        case .open: .open
        case .update: .update
        case .notification: .notification
        case .keepalive: .keepalive
        case .routeRefresh: .routeRefresh
        }
    }
}

extension ReceivedMessage {
    /// The type octet the message came with.
    package var type: MessageType {
        switch self {
        case .open: .open
        case .update: .update
        case .notification: .notification
        case .keepalive: .keepalive
        case .routeRefresh: .routeRefresh
        }
    }
}
