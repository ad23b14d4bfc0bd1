internal import CLinuxShim
internal import Glibc
internal import IPTypes

/// What the kernel knows of a host on a connected link: the state of its ARP or neighbour discovery (NUD_*).
package enum NeighbourState: Sendable, Hashable {
    /// Asked, no answer yet.
    case incomplete
    /// Answered lately.
    case reachable
    /// Answered once; not needed since.
    case stale
    /// Answered once; about to be asked again.
    case delay
    /// Answered once; being asked again.
    case probe
    /// Asked several times, no answer.
    case failed
    /// Entered by hand, or the link needs no such resolution: says nothing about the host.
    case permanent

    /// Whether the host answers ARP or neighbour discovery; nil if the state does not tell.
    package var answersARP: Bool? {
        switch self {
        case .reachable, .stale, .delay, .probe: true
        case .incomplete, .failed: false
        case .permanent: nil
        }
    }

    /// Nil for NUD_NONE.
    init?(kernelState state: UInt16) {
        switch CInt(state) {
        case NUD_INCOMPLETE: self = .incomplete
        case NUD_REACHABLE: self = .reachable
        case NUD_STALE: self = .stale
        case NUD_DELAY: self = .delay
        case NUD_PROBE: self = .probe
        case NUD_FAILED: self = .failed
        case NUD_PERMANENT, NUD_NOARP: self = .permanent
        default: return nil
        }
    }
}

/// A line of the neighbour table.
struct Neighbour: Equatable {
    var address: IPAddress
    var interfaceIndex: CInt
    var state: NeighbourState
    /// It has said in neighbour discovery that it is a router (NTF_ROUTER).
    var isRouter: Bool

    /// Reads RTM_NEWNEIGH; nil for other messages and families, and for entries without a state.
    init?(parsing message: NetlinkMessage) throws(MalformedMessage) {
        guard message.type == .newNeighbour else { return nil }
        let (header, attributes) = try message.body(ndmsg.self)
        guard let family = AddressFamily(CInt(header.ndm_family)),
            let state = NeighbourState(kernelState: header.ndm_state)
        else { return nil }
        guard let address = try attributes.address(Int(NDA_DST), family: family) else { throw MalformedMessage() }
        self.address = address
        interfaceIndex = header.ndm_ifindex
        self.state = state
        isRouter = header.ndm_flags & UInt8(NTF_ROUTER) != 0
    }
}

extension NetlinkExchange {
    /// The entry is marked as failed, not removed: an answer finds only an entry that is there.
    func giveUpIfSilent(_ address: ScopedAddress) throws(NetlinkError) {
        for entry in try neighbours(at: address) where entry.state == .incomplete {
            var header = ndmsg()
            header.ndm_family = AddressFamily(address.address).number
            header.ndm_ifindex = entry.interfaceIndex
            header.ndm_state = UInt16(NUD_FAILED)
            var request = NetlinkRequest(.newNeighbour, flags: NLM_F_ACK | NLM_F_REPLACE, header: header)
            request.append(Int(NDA_DST), bytes: address.address.bytes)
            do throws(NetlinkError) {
                try perform(request, operation: "giving up the neighbour \(address)")
            } catch {
                // It went by itself.
                guard error.code == ENOENT else { throw error }
            }
        }
    }

    func neighbour(of address: ScopedAddress) throws(NetlinkError) -> NeighbourState? {
        let states = try neighbours(at: address).map(\.state)
        // Without a zone the address may be known on several links; one that answers counts.
        return states.first { $0.answersARP == true } ?? states.first
    }

    /// The lines of the neighbour table for this address, on all links unless it has a zone.
    private func neighbours(at address: ScopedAddress) throws(NetlinkError) -> [Neighbour] {
        var interfaceIndex: CInt?
        if let zone = address.zone {
            interfaceIndex = CInt(truncatingIfNeeded: try link(named: zone).index)
        }
        var header = ndmsg()
        header.ndm_family = AddressFamily(address.address).number
        let table = try dump(
            NetlinkRequest(dump: .getNeighbours, header: header), operation: "listing the neighbours",
            parse: Neighbour.init(parsing:))
        return table.filter {
            $0.address == address.address && (interfaceIndex == nil || $0.interfaceIndex == interfaceIndex)
        }
    }
}
