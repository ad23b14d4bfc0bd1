package import IPTypes

/// The name of an object of the Kubernetes API inside its kind.
package struct ObjectName: Sendable, Hashable, Comparable {
    /// Empty for what has no namespace.
    package var namespace: String
    package var name: String

    package init(_ namespace: String, _ name: String) {
        self.namespace = namespace
        self.name = name
    }

    package static func < (left: ObjectName, right: ObjectName) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}

extension ObjectName: CustomStringConvertible {
    /// Parses `NAMESPACE/NAME`.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(String(parts[0]), String(parts[1]))
    }

    /// `NAMESPACE/NAME`, or the name alone.
    package var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }
}

/// An object of the Kubernetes API that Services depend on.
package enum ClusterObject: Sendable, Hashable {
    case service(Service)
    case slice(EndpointSlice)
    /// The node we run on; no other one is of interest.
    case node(Node)
    case claim(Claim)

    /// The kinds that are listed and watched.
    package enum Kind: Sendable, Hashable, CaseIterable {
        case services, slices, node, claims
    }

    /// What an object is known by while its content changes.
    package enum ID: Sendable, Hashable {
        case service(ObjectName)
        case slice(ObjectName)
        case node(String)
        case claim(IPAddress)
    }

    package var id: ID {
        switch self {
        case .service(let service): .service(service.name)
        case .slice(let slice): .slice(slice.name)
        case .node(let node): .node(node.name)
        case .claim(let claim): .claim(claim.address)
        }
    }
}

extension ClusterObject.ID {
    package var kind: ClusterObject.Kind {
        switch self {
        case .service: .services
        case .slice: .slices
        case .node: .node
        case .claim: .claims
        }
    }
}
