package import IPTypes

/// A part of the endpoints of one Service, of one family.
package struct EndpointSlice: Sendable, Hashable {
    package var name: ObjectName
    /// The Service it belongs to: the label `kubernetes.io/service-name` in the slice's namespace.
    package var service: ObjectName
    package var family: Service.Family
    package var endpoints: [Endpoint]
    /// The ports behind the Service's ports.
    package var ports: [Service.Port]

    package init(
        name: ObjectName, service: ObjectName, family: Service.Family = .ipv4, endpoints: [Endpoint] = [],
        ports: [Service.Port] = []
    ) {
        self.name = name
        self.service = service
        self.family = family
        self.endpoints = endpoints
        self.ports = ports
    }

    /// One pod, as a rule.
    package struct Endpoint: Sendable, Hashable {
        package var addresses: [IPAddress]
        package var nodeName: String?
        /// Takes new connections.
        package var isReady: Bool
        /// Answers, whether it is about to end or not.
        package var isServing: Bool
        /// About to end.
        package var isTerminating: Bool

        /// An endpoint with these conditions; one that is absent means what the API defines: ready, serving as it is ready, and
        /// not terminating.
        package init(
            addresses: [IPAddress], nodeName: String?, ready: Bool? = nil, serving: Bool? = nil,
            terminating: Bool? = nil
        ) {
            self.addresses = addresses
            self.nodeName = nodeName
            isReady = ready ?? true
            isServing = serving ?? isReady
            isTerminating = terminating ?? false
        }
    }
}
