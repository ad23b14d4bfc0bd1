internal import CLinuxShim
internal import Glibc
package import IPTypes

extension NodeNetwork {
    /// Those of these addresses whose packets the kernel delivers to this node itself: they are on one of its interfaces, or a
    /// local route leads to them. Whatever its routing rules say.
    ///
    /// Some microseconds for each: many are not for the event loop. An answer that the kernel refuses for want of memory is
    /// thrown; any other refusal (no route, an unreachable one) means that the address is not local.
    package static func localAddresses(among addresses: Set<IPAddress>) throws(NetlinkError) -> Set<IPAddress> {
        let exchange = try NetlinkExchange()
        var local: Set<IPAddress> = []
        for address in addresses where try exchange.isLocal(address) { local.insert(address) }
        return local
    }
}

extension NetlinkExchange {
    /// True if a packet that this node sends to the address ends on this node.
    func isLocal(_ address: IPAddress) throws(NetlinkError) -> Bool {
        var header = rtmsg()
        header.rtm_family = AddressFamily(address).number
        header.rtm_dst_len = UInt8(truncatingIfNeeded: address.bitWidth)
        var request = NetlinkRequest(.getRoutes, flags: 0, header: header)
        request.append(Int(RTA_DST.rawValue), bytes: address.bytes)
        do throws(NetlinkError) {
            return try ask(request, operation: "looking up the route to \(address)") {
                message throws(MalformedMessage) in
                message.type == .newRoute ? try message.body(rtmsg.self).0.rtm_type == UInt8(RTN_LOCAL) : nil
            } ?? false
        } catch {
            guard case .refused = error, !error.isTransient else { throw error }
            return false
        }
    }
}
