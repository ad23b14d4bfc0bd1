import Advertising
import Health
import IPTypes
import Settings

extension Speaker {
    /// Why the node is not ready, in words; nil if it is. Ready means that every source has given its VIPs and the first
    /// verdict on each is known, be it good or bad; with the setting `readyWhen: advertised` also that every VIP is advertised to a peer.
    package var unreadiness: String? {
        guard isStarted else { return "starting" }
        if let source = missingSource { return "the VIPs of \(source.rawValue) are not known yet" }
        if !isDecided, let index = vips.indices.first(where: { !vips[$0].isRemoved && isUndecided($0) }) {
            return "no check result yet for \(vips[index].settings.prefix)"
        }
        guard settings[Settings.process.readyWhen] == .advertised else { return nil }
        for vip in vips
        where !vip.isRemoved && !peers.contains(where: { $0.adjRIBOut.told[vip.settings.prefix] != nil }) {
            let meant = peers.filter { vip.settings.isMeant(for: $0.settings.address) }
            return "\(vip.settings.prefix) is not advertised: \(reason(for: vip, holders: 0, among: meant).words)"
        }
        return nil
    }
}
