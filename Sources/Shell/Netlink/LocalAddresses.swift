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
        try route(to: address)?.type == UInt8(RTN_LOCAL)
    }

    /// The type of the route that packets to the address take, and the interface by which they leave; nil without a route.
    func route(to address: IPAddress) throws(NetlinkError) -> (type: UInt8, interfaceIndex: UInt32?)? {
        var header = rtmsg()
        header.rtm_family = AddressFamily(address).number
        header.rtm_dst_len = UInt8(truncatingIfNeeded: address.bitWidth)
        var request = NetlinkRequest(.getRoutes, flags: 0, header: header)
        request.append(Int(RTA_DST.rawValue), bytes: address.bytes)
        do throws(NetlinkError) {
            return try ask(request, operation: "looking up the route to \(address)") {
                message throws(MalformedMessage) in
                guard message.type == .newRoute else { return nil }
                let (header, attributes) = try message.body(rtmsg.self)
                return (header.rtm_type, try attributes.value(Int(RTA_OIF.rawValue), as: UInt32.self))
            }
        } catch {
            guard case .refused = error, !error.isTransient else { throw error }
            return nil
        }
    }
}
