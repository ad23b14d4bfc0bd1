package import IPTypes

/// A BGP message (RFC 4271 section 4, RFC 2918) in exactly the form it has on the wire.
package enum Message: Sendable, Hashable {
    case open(Open)
    case update(Update)
    case notification(Notification)
    case keepalive
    case routeRefresh(RouteRefresh)
}

/// What the daemon is told of a received message.
///
/// UPDATEs are validated (RFC 7606) and counted while they are read, then forgotten: a speaker that imports nothing
/// needs no route, and a full table costs no memory.
package enum ReceivedMessage: Sendable, Hashable {
    case open(Open)
    case update(UpdateSummary)
    case notification(Notification)
    case keepalive
    case routeRefresh(RouteRefresh)
}

/// What was in a received UPDATE whose framing is sound.
package struct UpdateSummary: Sendable, Hashable {
    /// Prefixes announced, in NLRI and MP_REACH_NLRI.
    package var announced: Int
    /// Prefixes withdrawn, in the withdrawn routes and MP_UNREACH_NLRI.
    package var withdrawn: Int
    /// The family whose End-of-RIB marker this is (RFC 4724 section 2), if it is one.
    package var endOfRIB: AddressFamily?
    /// What RFC 7606 calls treat-as-withdraw or attribute discard, in words for the log; nil if all is well.
    package var malformation: String?

    /// A summary with these counts.
    package init(announced: Int, withdrawn: Int, endOfRIB: AddressFamily? = nil, malformation: String? = nil) {
        self.announced = announced
        self.withdrawn = withdrawn
        self.endOfRIB = endOfRIB
        self.malformation = malformation
    }
}

/// ROUTE-REFRESH (RFC 2918 section 3, subtypes of RFC 7313 section 3.2).
package struct RouteRefresh: Sendable, Hashable {
    /// The family asked for.
    package var family: AddressFamily
    /// 0 is a request, 1 and 2 mark begin and end of a refresh; others are to be ignored.
    package var subtype: UInt8
    /// Octets behind the four of the fixed part (ORF entries), kept as they came.
    package var rest: [UInt8]

    /// A refresh message of one subtype for one family.
    package init(family: AddressFamily, subtype: UInt8 = 0, rest: [UInt8] = []) {
        self.family = family
        self.subtype = subtype
        self.rest = rest
    }
}

/// Received bytes that break the protocol, with the NOTIFICATION that RFC 4271 section 6 prescribes for them.
package struct DecodeError: Error, Sendable, Hashable {
    /// What to tell the peer before the connection is closed.
    package var notification: Notification
    /// What was wrong with the bytes, in words for the operator's log.
    package var explanation: String

    /// An error that ends the session with `notification`.
    package init(_ notification: Notification, _ explanation: String) {
        self.notification = notification
        self.explanation = explanation
    }
}
