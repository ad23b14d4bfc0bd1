import BGPWire
import IPTypes
import Netlink
package import Settings

/// What this node has that the settings ask for. Changes nothing; what cannot be found out is left open.
package func nodeView(for settings: Settings) -> NodeView {
    let interfaces = try? NodeNetwork.interfaces()
    let routerID = try? settings.routerID(from: RouterIDCandidates(for: settings))
    let interface = interfaces?.first { name in
        guard let routerID, let addresses = try? NodeNetwork.addresses(of: name) else { return false }
        let address = routerID.derivedFrom.map { .v6($0) } ?? IPAddress.v4(IPv4Address(routerID.identifier.value))
        return addresses.contains { $0.address == address }
    }
    let leftToOthers = Set(settings.vips.filter(\.mustBeLocal).map(\.prefix.address))
    let local = try? NodeNetwork.localAddresses(among: leftToOthers)
    return NodeView(
        interfaces: interfaces, routerID: routerID, routerIDInterface: interface,
        absentVIPs: leftToOthers.subtracting(local ?? leftToOthers))
}
