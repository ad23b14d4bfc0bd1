import IPTypes

extension PathAttribute: CustomStringConvertible {
    /// Name and value, `AS_PATH 65001 65002`; the value of an unknown type in hexadecimal.
    package var description: String {
        let words = value.words
        return words.isEmpty ? name : "\(name) \(words)"
    }

    /// The name of the type as the RFCs write it, or its number.
    package var name: String { AttributeRule(type: type)?.name ?? "attribute \(type)" }
}

extension PathAttribute.Value {
    fileprivate var words: String {
        switch self {
        case .origin(let origin): origin.description
        case .asPath(let path), .as4Path(let path): path.map(\.description).joined(separator: " ")
        case .nextHop(let address): address.description
        case .multiExitDiscriminator(let number), .localPreference(let number): String(number)
        case .atomicAggregate: ""
        case .aggregator(let number, let address), .as4Aggregator(let number, let address): "\(number) \(address)"
        case .communities(let communities): communities.map(\.description).joined(separator: " ")
        case .extendedCommunities(let communities): communities.map(\.description).joined(separator: " ")
        case .largeCommunities(let communities): communities.map(\.description).joined(separator: " ")
        case .mpReach(let reach):
            "\(reach.family) via \(reach.nextHops.map(\.description).joined(separator: " ")): "
                + reach.nlri.map(\.description).joined(separator: " ")
        case .mpUnreach(let unreach):
            "\(unreach.family): \(unreach.withdrawn.map(\.description).joined(separator: " "))"
        case .other(_, let value): value.hexadecimal(limit: 32)
        }
    }
}

extension Origin: CustomStringConvertible {
    /// `IGP`, `EGP` or `incomplete`.
    package var description: String {
        switch self {
        case .igp: "IGP"
        case .egp: "EGP"
        case .incomplete: "incomplete"
        }
    }
}
