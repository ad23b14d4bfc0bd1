import BGPWire
import IPTypes
import Netlink
package import Settings

/// What this node has that the settings ask for. Changes nothing; what cannot be found out is left open.
package func nodeView(for settings: Settings) -> NodeView {
    let interfaces = try? NodeNetwork.interfaces()
    let identifier = try? routerID(for: settings)
    let interface = interfaces?.first { name in
        guard let identifier, let addresses = try? NodeNetwork.addresses(of: name) else { return false }
        return addresses.contains { $0.address == .v4(IPv4Address(identifier.value)) }
    }
    let leftToOthers = Set(settings.vips.filter { !$0.binds && $0.prefix.isHost }.map(\.prefix.address))
    let local = try? NodeNetwork.localAddresses(among: leftToOthers)
    return NodeView(
        interfaces: interfaces, routerID: identifier, routerIDInterface: interface,
        absentVIPs: leftToOthers.subtracting(local ?? leftToOthers))
}
