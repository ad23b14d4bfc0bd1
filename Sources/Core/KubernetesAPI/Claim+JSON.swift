import IPTypes
import JSON
import Services

extension Claim {
    /// The label of our Leases: others of the namespace are not asked for.
    static let label = (name: "app.kubernetes.io/managed-by", value: "bgpvip")

    /// What of a Lease is read.
    static let selection = JSONSelection.members([
        "metadata": .members(["name": .all, "uid": .all, "resourceVersion": .all]),
        "spec": .members(["holderIdentity": .all]),
    ])

    /// Nil if the Lease is not named after an address.
    init?(_ json: JSONValue) {
        let metadata = json["metadata"]
        guard let address = (metadata?["name"]?.text).flatMap(Claim.address(ofLease:)) else { return nil }
        self.init(
            address: address, holder: Holder(json["spec"]?["holderIdentity"]?.text ?? ""),
            uid: metadata?["uid"]?.text ?? "", resourceVersion: metadata?["resourceVersion"]?.text ?? "")
    }
}
