import IPTypes

/// What counts of one EndpointSlice: where the endpoints of other nodes are does not matter, only how many there are.
struct SliceSummary: Sendable, Hashable {
    var family: Service.Family
    /// Endpoints on this node that take new connections.
    var localReady: [IPAddress] = []
    /// Endpoints on this node that are about to end and still answer.
    var localTerminating: [IPAddress] = []
    /// How many take new connections, on all nodes.
    var ready = 0
    /// How many are about to end and still answer, on all nodes.
    var terminating = 0
    /// The TCP port that can be asked; nil if there is none.
    var tcpPort: UInt16?
    /// The list in which it was last seen.
    var seenIn: Int

    init(_ slice: EndpointSlice, onNode nodeName: String, seenIn: Int) {
        family = slice.family
        self.seenIn = seenIn
        tcpPort = slice.ports.first { $0.transport == "TCP" }?.number
        for endpoint in slice.endpoints {
            let isLocal = endpoint.nodeName == nodeName
            if endpoint.isReady {
                ready += 1
                if isLocal { localReady += endpoint.addresses.prefix(1) }
            } else if endpoint.isServing, endpoint.isTerminating {
                terminating += 1
                if isLocal { localTerminating += endpoint.addresses.prefix(1) }
            }
        }
    }
}

extension SliceSummary {
    /// True if both say the same of the endpoints.
    func isLike(_ other: SliceSummary) -> Bool {
        var other = other
        other.seenIn = seenIn
        return self == other
    }
}

/// The endpoints of a Service in one family: all its slices as one set.
struct EndpointSet: Sendable, Hashable {
    /// Where an endpoint of this node is asked; nil if it has no TCP port.
    struct Local: Sendable, Hashable {
        var address: IPAddress
        var tcpPort: UInt16?
    }

    var localReady: [Local] = []
    var localTerminating: [Local] = []
    var ready = 0
    var terminating = 0

    init(_ slices: some Sequence<SliceSummary>, of family: Service.Family) {
        for slice in slices where slice.family == family {
            ready += slice.ready
            terminating += slice.terminating
            localReady += slice.localReady.map { Local(address: $0, tcpPort: slice.tcpPort) }
            localTerminating += slice.localTerminating.map { Local(address: $0, tcpPort: slice.tcpPort) }
        }
        // Two slices may have the same endpoint for a moment, while it moves from one to the other.
        localReady = Set(localReady).sorted { $0.address < $1.address }
        localTerminating = Set(localTerminating).subtracting(localReady).sorted { $0.address < $1.address }
    }
}
