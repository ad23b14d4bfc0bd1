import IPTypes

extension HeardRoute {
    /// What a sound UPDATE tells of these host routes. An UPDATE without host routes, as nearly all of a full table are,
    /// costs no memory.
    static func all(
        of watched: Set<IPPrefix>, in frame: RawSpan, _ fourOctetAS: Bool
    ) throws(DecodeError) -> [HeardRoute] {
        guard try UpdateFields(frame).haveHostRoutes(frame) else { return [] }
        // Where path attributes cannot be told apart, nothing is known of the path.
        guard let update = try? Update.decode(frame, fourOctetAS: fourOctetAS) else { return [] }
        let compared = update.attributes.filter { [1, 2, 4, 5].contains($0.type) }
        return update.allWithdrawn.filter(watched.contains).map { HeardRoute($0, nil) }
            + update.allAnnounced.filter(watched.contains).map { HeardRoute($0, compared) }
    }
}

extension UpdateFields {
    /// True if any prefix, announced or withdrawn, is a single address.
    fileprivate func haveHostRoutes(_ frame: RawSpan) -> Bool {
        if withdrawn.hasHostRoute(bits: 32, frame) || nlri.hasHostRoute(bits: 32, frame) { return true }
        var rest = attributes
        while let attribute = rest.attribute(frame) {
            let field: (family: AddressFamily, prefixes: ByteField)? =
                switch attribute.type {
                case 14: MPReachField(attribute.value, frame).map { ($0.family, $0.nlri) }
                case 15: MPUnreachField(attribute.value, frame).map { ($0.family, $0.withdrawn) }
                default: nil
                }
            if let field, let bits = field.family.prefixBits, field.prefixes.hasHostRoute(bits: bits, frame) {
                return true
            }
        }
        return false
    }
}

extension ByteField {
    fileprivate func hasHostRoute(bits: Int, _ frame: RawSpan) -> Bool {
        var rest = self
        while let prefix = rest.prefix(bits: bits, frame) {
            if prefix.length == bits { return true }
        }
        return false
    }
}
