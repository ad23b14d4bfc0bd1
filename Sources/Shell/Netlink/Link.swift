internal import CLinuxShim
internal import Glibc

/// A network interface.
struct Link: Equatable {
    var index: UInt32
    var name: String
    var flags: UInt32

    /// Administratively up, and with a carrier.
    var isUp: Bool {
        let up = UInt32(IFF_UP | IFF_RUNNING)
        return flags & up == up
    }

    var isLoopback: Bool { flags & UInt32(IFF_LOOPBACK) != 0 }

    /// Reads RTM_NEWLINK or RTM_DELLINK; nil for other messages.
    init?(parsing message: NetlinkMessage) throws(MalformedMessage) {
        guard message.type == .newLink || message.type == .deleteLink else { return nil }
        let (header, attributes) = try message.body(ifinfomsg.self)
        // A bridge announces its ports as links of its own family, under the same index: the real one comes too.
        guard header.ifi_family == UInt8(AF_UNSPEC) else { return nil }
        guard header.ifi_index > 0, let name = try attributes.text(Int(IFLA_IFNAME)) else { throw MalformedMessage() }
        index = UInt32(header.ifi_index)
        self.name = name
        flags = header.ifi_flags
    }
}

extension NetlinkExchange {
    /// All interfaces, by index.
    func links() throws(NetlinkError) -> [Link] {
        try dump(
            NetlinkRequest(dump: .getLinks, header: ifinfomsg()), operation: "listing the interfaces",
            parse: Link.init(parsing:)
        ).sorted { $0.index < $1.index }
    }

    /// The interface of this name; if there is none, the error lists those that exist.
    func link(named name: String) throws(NetlinkError) -> Link {
        let all = try links()
        guard let link = all.first(where: { $0.name == name }) else {
            throw .noSuchInterface(name: name, existing: all.map(\.name))
        }
        return link
    }
}
