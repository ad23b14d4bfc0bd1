import Advertising
import BGPWire
import IPTypes

/// What the annotations of a Service ask for.
struct ServiceWish: Sendable, Hashable {
    /// The addresses it asks for; empty leaves the choice to us.
    var addresses: [IPAddress] = []
    /// Services with the same key may have the same address.
    var sharingKey: String?
    /// The pool it asks for by name.
    var pool: String?
    var multiExitDiscriminator: UInt32?
    var communities: [Community] = []
    var largeCommunities: [LargeCommunity] = []
    /// The peers it is meant for; nil is all of them.
    var peers: Set<ScopedAddress>?
    /// The first annotation that cannot be read; nothing is advertised on half of a wish.
    var fault: ServiceReason?

    /// Reads the annotations and `loadBalancerIP`.
    init(_ service: Service) {
        let annotations = service.annotations
        func first(of names: [String]) -> (name: String, text: String)? {
            for name in names {
                if let text = annotations[name] { return (name, text) }
            }
            return nil
        }
        func list<Value>(_ entry: (name: String, text: String)?, _ read: (Substring) -> Value?) -> [Value] {
            guard let entry else { return [] }
            var values: [Value] = []
            for part in entry.text.split(whereSeparator: { ", \t\n".contains($0) }) {
                guard let value = read(part) else {
                    fault = fault ?? .unreadable(entry.name, String(part))
                    continue
                }
                values.append(value)
            }
            return values
        }
        var asked = first(of: Service.addressAnnotations)
        if asked == nil, let text = service.loadBalancerIP { asked = ("spec.loadBalancerIP", text) }
        // 0.0.0.0 asks kube-vip for DHCP.
        addresses = list(asked) { text in IPAddress(text).flatMap { $0.isUnspecified ? nil : $0 } }
        sharingKey = first(of: Service.sharingAnnotations)?.text
        pool = first(of: Service.poolAnnotations)?.text
        multiExitDiscriminator = list(first(of: [Service.medAnnotation])) { UInt32(decimalDigits: $0) }.first
        for community in list(first(of: [Service.communitiesAnnotation]), Self.community) {
            switch community {
            case .standard(let community): communities.append(community)
            case .large(let community): largeCommunities.append(community)
            }
        }
        if let entry = first(of: [Service.peersAnnotation]) {
            peers = Set(list(entry) { ScopedAddress($0) })
        }
    }

    private enum AnyCommunity {
        case standard(Community)
        case large(LargeCommunity)
    }

    private static func community(_ text: Substring) -> AnyCommunity? {
        Community(text).map(AnyCommunity.standard) ?? LargeCommunity(text).map(AnyCommunity.large)
    }

    /// The route of a Service with this wish, where `attributes` are those of all Services.
    func applied(to attributes: RouteAttributes) -> RouteAttributes {
        attributes.adjusted(
            by: RouteAdjustment(
                multiExitDiscriminator: multiExitDiscriminator, communities: communities,
                largeCommunities: largeCommunities))
    }
}

extension Service {
    /// Addresses, separated by commas. The first annotation of the list that a Service has counts.
    static let addressAnnotations = [
        "bgpvip/addresses", "kube-vip.io/loadbalancerIPs", "metallb.io/loadBalancerIPs",
        "metallb.universe.tf/loadBalancerIPs", "lbipam.cilium.io/ips", "io.cilium/lb-ipam-ips",
    ]
    static let sharingAnnotations = [
        "bgpvip/sharing-key", "metallb.io/allow-shared-ip", "metallb.universe.tf/allow-shared-ip",
        "lbipam.cilium.io/sharing-key", "io.cilium/lb-ipam-sharing-key",
    ]
    static let poolAnnotations = ["bgpvip/pool", "metallb.io/address-pool", "metallb.universe.tf/address-pool"]
    static let medAnnotation = "bgpvip/med"
    static let communitiesAnnotation = "bgpvip/communities"
    static let peersAnnotation = "bgpvip/peers"

    /// The annotations that are read; all others need not be kept.
    package static let relevantAnnotations = Set(
        addressAnnotations + sharingAnnotations + poolAnnotations
            + [medAnnotation, communitiesAnnotation, peersAnnotation])
}
