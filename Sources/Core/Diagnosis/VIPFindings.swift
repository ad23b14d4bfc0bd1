import IPTypes
import Settings
import SpeakerCore

extension Facts {
    /// The VIPs on this node and in its networks.
    var vipFindings: [Finding] {
        settings.advice.filter { $0.code == .otherFamily }.map { Finding(.vipOtherFamily, $0.subject, $0.text) }
            + settings.vips.flatMap { vip in
                placeFindings(vip) + networkFindings(vip)
                    + (vip.checks.isEmpty
                        ? [Finding(.vipUnchecked, "\(vip.prefix.address)", "\(vip.prefix) has no check")] : [])
            }
    }

    /// Where the address is already.
    private func placeFindings(_ vip: VIPSettings) -> [Finding] {
        let address = vip.prefix.address
        let name = "\(address)"
        guard vip.prefix.isHost else { return [] }
        let bound = status?.vips.first { $0.prefix == "\(vip.prefix)" }
        var found: [Finding] = node.addresses.filter { $0.address == address }.compactMap { present in
            let place = "\(address)/\(present.prefixLength) is on \(present.interface)"
            if present.prefixLength < address.bitWidth {
                return Finding(.vipNodeAddress, name, "\(place), as an address of the node in a subnet")
            }
            if present.interface != settings.interface { return Finding(.vipElsewhere, name, place) }
            if !vip.binds { return nil }
            if !present.isOurs { return Finding(.vipForeign, name, "\(place), and bgpvip did not put it there") }
            if status == nil, instances == 0 {
                return Finding(.vipLeftover, name, "\(place), left there by a bgpvip that no longer runs")
            }
            return nil
        }
        if let error = bound?.bindError { found.append(Finding(.vipUnbound, name, error)) }
        return found
    }

    /// Who else has or routes the address.
    private func networkFindings(_ vip: VIPSettings) -> [Finding] {
        let address = vip.prefix.address
        let name = "\(address)"
        var found: [Finding] = []
        for present in node.addresses where present.prefixLength < address.bitWidth && present.address != address {
            guard !present.address.isLoopback, let subnet = IPPrefix(present.address, length: present.prefixLength),
                subnet.contains(address)
            else { continue }
            found.append(
                Finding(
                    .vipOnSubnet, name, "\(address) is inside \(subnet), the subnet of \(present.interface)"))
            if address.isIPv4, vip.binds, node.arpIgnore[present.interface] == 0 {
                found.append(
                    Finding(
                        .vipAnswersARP, name,
                        "arp_ignore is 0 on \(present.interface), whose subnet \(subnet) has the VIP"))
            }
        }
        for range in node.serviceRanges where range.contains(address) {
            found.append(
                Finding(.vipServiceRange, name, "\(address) is inside \(range), Kubernetes' range for Services"))
        }
        if let peer = settings.peers.first(where: { $0.address.address == address }) {
            found.append(Finding(.vipPeerAddress, name, "\(address) is the address of the peer \(peer.address)"))
        }
        return found
    }
}
