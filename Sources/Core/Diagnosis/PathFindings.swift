import IPTypes
import Settings
import SpeakerCore

extension Facts {
    /// Paths of other nodes that a router tells us of, and that it does not use together with ours.
    func pathFindings(_ peer: PeerSettings, _ state: PeerStatus) -> [Finding] {
        (state.routesHeard ?? []).compactMap { other in
            guard let own = state.routes.first(where: { $0.prefix == other.prefix }),
                let vip = IPPrefix(parsing: own.prefix)?.address,
                // A node that keeps its VIP as a last resort wants to be worse than the others.
                status?.vips.first(where: { $0.prefix == own.prefix })?.lastResort == false
            else { return nil }
            // Between two AS, neither LOCAL_PREF nor what the other nodes have sent as MULTI_EXIT_DISC is seen.
            let isInternal = own["LOCAL_PREF"] != nil
            let names = ["AS_PATH", "ORIGIN"] + (isInternal ? ["LOCAL_PREF", "MULTI_EXIT_DISC"] : [])
            let router = isInternal ? nil : state.peerAS.map { "\($0)" }
            let differences = names.compactMap { name -> String? in
                var theirs = other[name] ?? []
                // The router's own AS comes first.
                if name == "AS_PATH", let router { theirs = Array(theirs.drop { $0 == router }) }
                let ours = own[name] ?? []
                return theirs == ours ? nil : "\(name) \(text(theirs)) there and \(text(ours)) here"
            }
            guard !differences.isEmpty else { return nil }
            return Finding(
                .pathsDiffer, "\(vip)",
                "peer \(state.address) has a path of another node with other attributes: "
                    + differences.joined(separator: ", "), switchCommand: switchCommand(for: peer))
        }
    }
}

private func text(_ words: [Substring]) -> String { words.isEmpty ? "none" : words.joined(separator: " ") }

extension RouteStatus {
    /// The words of the attribute with this name; nil if the route has none.
    fileprivate subscript(name: String) -> [Substring]? {
        attributes.lazy.map { $0.split(separator: " ") }.first { $0.first.map(String.init) == name }.map {
            Array($0.dropFirst())
        }
    }
}
