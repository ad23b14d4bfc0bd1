internal import CLinuxShim
internal import Glibc
internal import IPTypes

/// One next hop of a default route in the main table.
struct DefaultRoute: Equatable {
    /// Nil for a route straight out of an interface.
    var gateway: IPAddress?
    var interfaceIndex: UInt32
    /// Lower is preferred.
    var metric: UInt32
    /// The source the route asks for (`src`).
    var preferredSource: IPAddress?
    var isIPv4: Bool

    /// True for RTM_NEWROUTE and RTM_DELROUTE of any default route.
    static func isAnnounced(by message: NetlinkMessage) throws(MalformedMessage) -> Bool {
        guard message.type == .newRoute || message.type == .deleteRoute else { return false }
        return try message.payload.load(rtmsg.self).rtm_dst_len == 0
    }

    /// Reads RTM_NEWROUTE: several for a multipath route, none for other messages, other tables and routes that lead
    /// somewhere in particular or nowhere.
    static func parse(_ message: NetlinkMessage) throws(MalformedMessage) -> [DefaultRoute] {
        guard message.type == .newRoute else { return [] }
        let (header, attributes) = try message.body(rtmsg.self)
        guard let family = AddressFamily(CInt(header.rtm_family)), header.rtm_dst_len == 0,
            header.rtm_type == UInt8(RTN_UNICAST), header.rtm_flags & UInt32(RTM_F_CLONED) == 0,
            try attributes.value(Int(RTA_TABLE.rawValue), as: UInt32.self) ?? UInt32(header.rtm_table)
                == UInt32(RT_TABLE_MAIN.rawValue)
        else { return [] }
        let metric = try attributes.value(Int(RTA_PRIORITY.rawValue), as: UInt32.self) ?? 0
        let source = try attributes.address(Int(RTA_PREFSRC.rawValue), family: family)

        var routes: [DefaultRoute] = []
        func add(over interface: CInt, _ attributes: AttributeList) throws(MalformedMessage) {
            guard interface > 0 else { throw MalformedMessage() }
            routes.append(
                DefaultRoute(
                    gateway: try gateway(in: attributes, family: family), interfaceIndex: UInt32(interface),
                    metric: metric, preferredSource: source, isIPv4: family == .ipv4))
        }
        if let interface = try attributes.value(Int(RTA_OIF.rawValue), as: CInt.self) {
            try add(over: interface, attributes)
        }
        var hops = attributes[Int(RTA_MULTIPATH.rawValue)] ?? []
        while !hops.isEmpty {
            let hop = try hops.load(rtnexthop.self)
            let length = Int(hop.rtnh_len)
            guard length >= MemoryLayout<rtnexthop>.size, length <= hops.count else { throw MalformedMessage() }
            try add(
                over: hop.rtnh_ifindex,
                AttributeList(parsing: hops.prefix(length).dropFirst(MemoryLayout<rtnexthop>.size)))
            hops = hops.dropFirst(alignedToFour(length))
        }
        return routes
    }

    /// RTA_GATEWAY, or RTA_VIA where the gateway is of the other family (RFC 8950 routes).
    private static func gateway(
        in attributes: AttributeList, family: AddressFamily
    ) throws(MalformedMessage) -> IPAddress? {
        if let gateway = try attributes.address(Int(RTA_GATEWAY.rawValue), family: family) { return gateway }
        guard let via = attributes[Int(RTA_VIA.rawValue)] else { return nil }
        guard let family = AddressFamily(CInt(try via.load(UInt16.self))) else { return nil }
        return try family.address(via.dropFirst(MemoryLayout<UInt16>.size))
    }
}

extension NetlinkExchange {
    /// The default routes of both families: IPv4 first, lowest metric first, then in the kernel's order.
    func defaultRoutes() throws(NetlinkError) -> [DefaultRoute] {
        let routes = try dump(
            NetlinkRequest(dump: .getRoutes, header: rtmsg()), operation: "listing the routes",
            parse: { message throws(MalformedMessage) in try DefaultRoute.parse(message) }
        ).joined()
        return routes.enumerated()
            .sorted {
                ($0.element.isIPv4 ? 0 : 1, $0.element.metric, $0.offset)
                    < ($1.element.isIPv4 ? 0 : 1, $1.element.metric, $1.offset)
            }
            .map(\.element)
    }
}
