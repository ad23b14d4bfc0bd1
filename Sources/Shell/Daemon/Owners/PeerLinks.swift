import BGPFSM
import BGPTransport
import NIOCore

/// The TCP connections of one peer.
struct PeerLinks {
    var outgoing: (any PeerLink)?
    var incoming: (any PeerLink)?
    /// An accepted connection while the session decides on it; it may take the place of `incoming`.
    var candidate: (any PeerLink)?
    /// What comes before a dial; nil if nothing is under way.
    var preparation: Preparation?
    /// Those that were told to close and have not ended yet, the oldest first.
    var closing: [any PeerLink] = []

    /// What is found out before one dial; an answer to an earlier one is none.
    final class Preparation {
        /// The next look for the router of an unnumbered peer.
        var look: Scheduled<Void>?
    }

    /// The connection that an action of the session means.
    subscript(direction: Direction) -> (any PeerLink)? {
        switch direction {
        case .outgoing: outgoing
        case .incoming: incoming ?? candidate
        }
    }

    /// Those that a session uses or may come to use.
    var open: [any PeerLink] { [outgoing, incoming, candidate].compactMap { $0 } }

    /// Forgets a connection that has ended or is being closed.
    mutating func forget(_ connection: any PeerLink) {
        if outgoing === connection { outgoing = nil }
        if incoming === connection { incoming = nil }
        if candidate === connection { candidate = nil }
    }

    /// Calls off what comes before a dial.
    mutating func callOffDial() {
        preparation?.look?.cancel()
        preparation = nil
    }
}
