/// Something happened to the node's addresses or links.
package enum AddressChange: Sendable, Equatable {
    /// An address was added, or one of its properties changed. Reports what we do ourselves, too.
    case added(InterfaceAddress)
    /// An address was removed.
    case removed(InterfaceAddress)
    /// A link was added, removed (`isUp` is false) or changed; `isUp` means administratively up and with a carrier.
    /// A link that goes down takes its IPv6 addresses along; each is reported.
    case linkChanged(name: String, isUp: Bool)
    /// A default route was added, removed or changed; only where routes are watched.
    case defaultRouteChanged
    /// Reports were lost, and reporting goes on: what is known must be read again.
    case resynchronise
    /// Reporting stopped for this reason and is tried again every second; `.resynchronise` says when it works.
    case interrupted(NetlinkError)
}

extension AddressChange {
    /// The changes that one datagram announces. One that cannot be understood asks for a fresh look.
    static func parse(_ datagram: [UInt8]) -> [AddressChange] {
        do throws(MalformedMessage) {
            var changes: [AddressChange] = []
            for message in try NetlinkMessage.parse(datagram) {
                if let change = try AddressChange(parsing: message) { changes.append(change) }
            }
            return changes
        } catch {
            return [.resynchronise]
        }
    }

    private init?(parsing message: NetlinkMessage) throws(MalformedMessage) {
        if message.type == .overrun {
            self = .resynchronise
        } else if let address = try InterfaceAddress(parsing: message) {
            self = message.type == .newAddress ? .added(address) : .removed(address)
        } else if let link = try Link(parsing: message) {
            self = .linkChanged(name: link.name, isUp: message.type == .newLink && link.isUp)
        } else if try DefaultRoute.isAnnounced(by: message) {
            self = .defaultRouteChanged
        } else {
            return nil
        }
    }
}
