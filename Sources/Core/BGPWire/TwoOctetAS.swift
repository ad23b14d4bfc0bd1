extension [PathAttribute] {
    /// The attributes as a peer without four-octet AS numbers has to get them (RFC 6793 section 4.2.2): 23456 for
    /// every AS that does not fit, and then, only then, the true numbers in AS4_PATH and AS4_AGGREGATOR.
    package func loweredForTwoOctetAS() -> [PathAttribute] {
        var lowered = self
        for (index, attribute) in enumerated() {
            switch attribute.value {
            case .asPath(let path) where !path.allSatisfy({ $0.numbers.allSatisfy(\.fitsTwoOctets) }):
                lowered[index].value = .asPath(path.map { ASPathSegment($0.kind, $0.numbers.map(\.orTrans)) })
                // Confederation segments stay out of AS4_PATH (RFC 6793 section 3).
                lowered.replace(.as4Path(path.filter { $0.kind == .sequence || $0.kind == .set }))
            case .aggregator(let number, let address) where !number.fitsTwoOctets:
                lowered[index].value = .aggregator(.trans, address)
                lowered.replace(.as4Aggregator(number, address))
            default: break
            }
        }
        return lowered
    }

    /// Puts `value` in the place of the attribute of its type, or in front of the first one with a higher type.
    private mutating func replace(_ value: PathAttribute.Value) {
        if let index = firstIndex(where: { $0.type == value.type }) {
            self[index].value = value
        } else {
            insert(PathAttribute(value), at: firstIndex { $0.type > value.type } ?? endIndex)
        }
    }
}

extension ASNumber {
    fileprivate var orTrans: ASNumber { fitsTwoOctets ? self : .trans }
}
