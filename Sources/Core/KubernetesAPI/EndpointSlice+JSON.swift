import IPTypes
import JSON
import Services

extension EndpointSlice {
    /// The label that names a slice's Service.
    static let serviceLabel = "kubernetes.io/service-name"

    /// What of an EndpointSlice is read.
    static let selection = JSONSelection.members([
        "metadata": .members(["name": .all, "namespace": .all, "labels": .members([serviceLabel: .all])]),
        "addressType": .all,
        "endpoints": .each(
            .members([
                "addresses": .all, "nodeName": .all,
                "conditions": .members(["ready": .all, "serving": .all, "terminating": .all]),
            ])),
        "ports": .each(.members(["port": .all, "protocol": .all])),
    ])

    /// Nil if it has no name, belongs to no Service, or holds names (FQDN).
    init?(_ json: JSONValue) {
        guard let name = ObjectName(json["metadata"]),
            let service = json["metadata"]?["labels"]?[Self.serviceLabel]?.text, !service.isEmpty,
            let family = json["addressType"]?.text.flatMap(Service.Family.init(rawValue:))
        else { return nil }
        self.init(
            name: name, service: ObjectName(name.namespace, service), family: family,
            endpoints: (json["endpoints"]?.elements ?? []).map { Endpoint($0) },
            ports: (json["ports"]?.elements ?? []).compactMap { Service.Port($0) })
    }
}

extension EndpointSlice.Endpoint {
    init(_ json: JSONValue) {
        let conditions = json["conditions"]
        self.init(
            addresses: (json["addresses"]?.elements ?? []).compactMap { $0.text.flatMap { IPAddress($0) } },
            nodeName: json["nodeName"]?.text, ready: conditions?["ready"]?.flag,
            serving: conditions?["serving"]?.flag, terminating: conditions?["terminating"]?.flag)
    }
}
