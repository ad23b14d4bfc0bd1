/// What makes the answer of a command good, so that a script can act on its exit status.
extension Status {
    /// True if a VIP is advertised, or with `entirely`, if nothing at all is wrong.
    package func isWell(entirely: Bool) -> Bool {
        Self.isWell(vips, entirely: entirely)
            && (!entirely || Self.isWell(peers, entirely: true) && checks.allSatisfy { $0.verdict == "healthy" })
    }

    /// True if one of these sessions is Established, or with `entirely`, if there are some and all are.
    package static func isWell(_ peers: [PeerStatus], entirely: Bool) -> Bool {
        isWell(peers, entirely) { $0.state == "Established" }
    }

    /// True if one of these VIPs is advertised, or with `entirely`, if there are some and all are.
    package static func isWell(_ vips: [VIPStatus], entirely: Bool) -> Bool {
        isWell(vips, entirely) { $0.advertisedTo > 0 }
    }

    private static func isWell<Element>(
        _ all: [Element], _ entirely: Bool, _ isWell: (Element) -> Bool
    ) -> Bool {
        entirely ? !all.isEmpty && all.allSatisfy(isWell) : all.contains(where: isWell)
    }
}
