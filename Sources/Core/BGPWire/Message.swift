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

/// A route of the peer to a prefix that we advertise ourselves: another node's path, as a rule.
package struct HeardRoute: Sendable, Hashable {
    package var prefix: IPPrefix
    /// What routers compare before they spread traffic over several paths: ORIGIN, AS_PATH, MULTI_EXIT_DISC, LOCAL_PREF. Nil
    /// if the route is withdrawn.
    package var attributes: [PathAttribute]?

    package init(_ prefix: IPPrefix, _ attributes: [PathAttribute]?) {
        self.prefix = prefix
        self.attributes = attributes
    }
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
    /// How many UPDATEs this stands for: those that arrive together may be summed up in one.
    package var messages: Int
    /// What it tells of the prefixes that are watched.
    package var heard: [HeardRoute] = []

    /// A summary with these counts.
    package init(
        announced: Int, withdrawn: Int, endOfRIB: AddressFamily? = nil, malformation: String? = nil, messages: Int = 1
    ) {
        self.announced = announced
        self.withdrawn = withdrawn
        self.endOfRIB = endOfRIB
        self.malformation = malformation
        self.messages = messages
    }
}
