import IPTypes
import JSON
import Services

extension Node {
    /// What of a Node is read.
    static let selection = JSONSelection.members([
        "metadata": .members(["name": .all, "labels": .members([exclusionLabel: .all])]),
        "spec": .members(["podCIDR": .all, "podCIDRs": .all]),
        "status": .members([
            "addresses": .each(.members(["type": .all, "address": .all])),
            "conditions": .each(.members(["type": .all, "status": .all])),
        ]),
    ])

    /// Nil without a name.
    init?(_ json: JSONValue) {
        guard let name = ObjectName(json["metadata"])?.name else { return nil }
        let all = json["status"]?["addresses"]?.elements ?? []
        func addresses(internal isInternal: Bool) -> [IPAddress] {
            all.filter { ($0["type"]?.text == "InternalIP") == isInternal }
                .compactMap { $0["address"]?.text.flatMap { IPAddress($0) } }
        }
        let networks = json["spec"]?["podCIDRs"]?.elements ?? [json["spec"]?["podCIDR"]].compactMap { $0 }
        self.init(
            name: name, isExcluded: json["metadata"]?["labels"]?[Self.exclusionLabel] != nil,
            isNetworkUnavailable: (json["status"]?["conditions"]?.elements ?? []).contains {
                $0["type"]?.text == "NetworkUnavailable" && $0["status"]?.text == "True"
            },
            internalAddresses: addresses(internal: true), otherAddresses: addresses(internal: false),
            podCIDRs: networks.compactMap { $0.text.flatMap { IPPrefix(parsing: $0) } })
    }
}
