package import Services

/// Why the addresses of a Service are advertised by this node or not, and how those that are stand with the routers.
package struct WhyService: Encodable, Sendable, Hashable {
    /// The Service.
    package var service: ServiceStatus
    /// The chain of each address that is advertised.
    package var vips: [WhyChain]

    package init(_ service: ServiceStatus, _ vips: [WhyChain]) {
        self.service = service
        self.vips = vips
    }

    /// True if every address is advertised, and some peer has been told.
    package var isGood: Bool {
        service.addresses.allSatisfy(\.isAdvertised) && vips.allSatisfy { $0.advertisedTo > 0 }
    }

    /// The whole as text.
    package var text: String {
        let lines = service.addresses.map { address in
            let subject = "\(service.namespace)/\(service.name) \(address.address ?? address.family)"
            return "\(subject) is \(address.isAdvertised ? "" : "not ")advertised from this node: \(address.reason)"
        }
        let ready = counted(service.readyEndpoints, "ready endpoint")
        let counts =
            "  externalTrafficPolicy \(service.policy); \(ready), \(service.localEndpoints) of them on this node; "
            + "\(service.terminatingEndpoints) terminating"
        let rest = [counts] + [service.complaint].compactMap { $0 }.map { "  \($0)" }
        return (lines + rest).map { printable($0) + "\n" }.joined() + vips.map(\.text).joined()
    }
}

extension ServiceStatus {
    /// True if this node advertises the address.
    package func isAdvertised(_ address: String) -> Bool {
        addresses.contains { $0.address == address && $0.isAdvertised }
    }
}
