package import IPTypes

/// The search for the router on the link of an unnumbered peer, before it is dialled.
///
/// If that is not clear from what the kernel knows, hosts on the link are asked and looked for again a moment later: at most
/// twice, first all of them, then those in doubt. A router advertisement may take longer; the next attempt of the session
/// finds it.
package struct RouterSearch: Sendable, Hashable {
    /// What a look at the link has shown.
    package enum Sight: Sendable, Hashable {
        /// The one host that can be meant.
        case router(IPv6Address)
        /// No neighbour that could be the router.
        case noNeighbour
        /// Any of these could be meant.
        case several([IPv6Address])

        /// The hosts to ask so that the next look shows more: empty means all, nil that the router is known.
        package var toAsk: [IPv6Address]? {
            switch self {
            case .router: nil
            case .noNeighbour: []
            case .several(let candidates): candidates
            }
        }
    }

    /// What to do next.
    package enum Step: Sendable, Hashable {
        case dial(IPv6Address)
        /// Ask these hosts, or all if there are none, and look again after `pause`; if nothing can be asked, that is
        /// `nothingAsked`.
        case ask([IPv6Address])
        case fail(TransportFailure)
    }

    /// How long hosts have to answer before the next look.
    package static let pause = Duration.milliseconds(300)

    private enum Asked { case none, all, doubtful }

    private let interface: String
    private var asked = Asked.none
    private var sight = Sight.noNeighbour

    /// A search on the link of this interface.
    package init(on interface: String) {
        self.interface = interface
    }

    /// Someone has looked.
    package mutating func seen(_ sight: Sight) -> Step {
        self.sight = sight
        switch (sight, asked) {
        case (.router(let router), _):
            return .dial(router)
        case (.noNeighbour, .none):
            asked = .all
        case (.several, .none), (.several, .all):
            asked = .doubtful
        case (.noNeighbour, .all), (.noNeighbour, .doubtful), (.several, .doubtful):
            return nothingAsked
        }
        return sight.toAsk.map { .ask($0) } ?? nothingAsked
    }

    /// Nothing could be sent, so that there is nothing to wait for.
    package var nothingAsked: Step {
        if case .several(let candidates) = sight {
            .fail(.severalNeighbours(interface: interface, candidates))
        } else {
            .fail(.noNeighbour(interface: interface))
        }
    }
}
