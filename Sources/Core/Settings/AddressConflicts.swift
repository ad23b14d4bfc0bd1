import BGPWire
import Health
import IPTypes

extension Reading {
    /// Refuses addresses that stand in each other's way.
    mutating func checkAddresses(
        _ vips: [Located<IPPrefix>], peers: [Located<PeerText>], checks: [Located<Check>], routerID: BGPIdentifier?,
        nextHops: Set<IPAddress>
    ) {
        var seen: Set<IPPrefix> = []
        for vip in vips {
            let address = vip.value.address
            if !seen.insert(vip.value).inserted {
                errors.append(vip.error("\(vip.value.spelled) is given twice", "remove one of the two entries"))
            }
            guard vip.value.isHost else { continue }
            if peers.contains(where: { $0.value.address.address == address }) {
                errors.append(vip.error("\(address) is the address of a peer", "choose an unused address"))
            }
            if nextHops.contains(address) {
                errors.append(
                    vip.error(
                        "\(address) is the nextHop of a peer, and no route can lead to itself",
                        "give nextHop an address that belongs to this node alone"))
            }
            if let check = checks.first(where: { $0.value.kind.target?.address == address }) {
                errors.append(
                    check.error(
                        "the check asks the VIP \(address), which is bound only after the check has passed",
                        "ask the service on an address of the node, for example 127.0.0.1"))
            }
            if let routerID, case .v4(let number) = address, routerID.value == number.value {
                fail(
                    .routerID, "\(routerID) is a VIP, so that all nodes would have the same identifier",
                    "give the node's own address")
            }
        }
    }
}

extension Check.Kind {
    /// Where the check connects to; nil for a program.
    fileprivate var target: SocketTarget? {
        switch self {
        case .http(let check): check.target
        case .tcp(let target): target
        case .exec: nil
        }
    }
}
