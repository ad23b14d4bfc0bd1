import CLinuxShim
import Fuzzing
import Glibc
import IPTypes

@testable import Netlink

/// A kernel that says what it is told to, and then nothing more.
final class Kernel: NetlinkSocket {
    private var answers: ArraySlice<[UInt8]>
    private let keepsSequence: Bool
    private var sequence: [UInt8] = []

    init(_ answers: [[UInt8]], keepsSequence: Bool) {
        self.answers = answers[...]
        self.keepsSequence = keepsSequence
    }

    func send(_ datagram: [UInt8]) throws(SystemCallFailure) {
        sequence = Array(datagram[8..<12])
    }

    func receive() throws(SystemCallFailure) -> [UInt8] {
        guard var answer = answers.popFirst() else { throw SystemCallFailure(code: EAGAIN) }
        if keepsSequence { return answer }
        var start = 0
        while start + 16 <= answer.count {
            answer.replaceSubrange(start + 8..<start + 12, with: sequence)
            let length = answer[start..<start + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
            guard length >= 16 else { break }
            start += (length + 3) & ~3
        }
        return answer
    }
}

/// What is asked.
enum Question: UInt8, CaseIterable {
    case addresses, links, defaultRoutes, neighbour, connections, listening, isLocal, change
    case nodeAddress, stableAddress, gateways, nextHops, router

    init(_ octet: UInt8) { self = Self.allCases[Int(octet) % Self.allCases.count] }

    /// Asks, and checks what comes of the answers. Each may be refused.
    func ask(_ kernel: Kernel) {
        let exchange = NetlinkExchange(socket: kernel)
        do throws(NetlinkError) {
            try ask(exchange)
        } catch {
            trace("\(self): \(error)")
            requireOneLine(error.description)
        }
    }

    private static let vip = IPAddress.v4(IPv4Address(0xC000_020A))
    /// What an IPv6 address begins with that stands for an IPv4 address.
    private static let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
    private static let linkLocal = IPAddress.v6(IPv6Address(high: 0xFE80 << 48, low: 1))

    private func ask(_ exchange: NetlinkExchange) throws(NetlinkError) {
        switch self {
        case .addresses:
            try exchange.addresses(operation: "listing the addresses").forEach(check)
        case .links:
            for link in try exchange.links() { require(link.index > 0 && !link.name.isEmpty, "\(link) is none") }
        case .defaultRoutes:
            for route in try exchange.defaultRoutes() { require(route.interfaceIndex > 0, "\(route) leads nowhere") }
        case .neighbour:
            let zone = ScopedAddress(Self.linkLocal, zone: "eth0")
            let state = try exchange.neighbour(of: zone)
            trace("\(String(describing: state))")
        case .connections:
            for socket in try exchange.tcpSockets(.local([Self.vip]), states: .max) {
                require(socket.kernelIdentity.count == MemoryLayout<inet_diag_sockid>.size, "\(socket)")
                for address in [socket.local, socket.remote] {
                    require(!address.bytes.starts(with: Self.mapped), "\(address) is an IPv4 address")
                }
            }
        case .listening:
            let found = try exchange.dump(
                NetlinkRequest(dump: .socketsByFamily, header: inet_diag_req_v2()), operation: "listing",
                parse: { message throws(MalformedMessage) -> ListeningAddresses? in
                    try ListeningAddresses(parsing: message)
                })
            for socket in found { require((1...2).contains(socket.addresses.count), "\(socket)") }
        case .isLocal:
            let isLocal = try exchange.isLocal(Self.vip)
            trace("\(isLocal)")
        case .change:
            try exchange.perform(
                NetlinkRequest(.newAddress, flags: NLM_F_ACK, header: ifaddrmsg()), operation: "adding an address")
        case .nodeAddress:
            let address = try exchange.nodeAddress(excluding: [Self.vip])
            require(address.map { IPAddress.v4($0) != Self.vip } ?? true, "a VIP is the node's address")
        case .stableAddress:
            let address = try exchange.stableIPv6Address(of: nil, excluding: [Self.linkLocal])
            require(address.map { IPAddress.v6($0) != Self.linkLocal } ?? true, "a VIP is the node's address")
        case .gateways:
            let gateways = try exchange.defaultGateways()
            require(Set(gateways).count == gateways.count, "\(gateways) has one twice")
        case .nextHops:
            let address = try exchange.alternate(to: ScopedAddress(Self.vip, zone: nil))
            require(address.map { !$0.isIPv4 } ?? true, "\(String(describing: address)) is of the same family")
        case .router:
            if case .ambiguous(let routers) = try exchange.router(onLink: 2) {
                require(routers.count > 1 && routers == routers.sorted(), "\(routers)")
            }
        }
    }
}
