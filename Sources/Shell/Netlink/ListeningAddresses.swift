internal import CLinuxShim
internal import Glibc
package import IPTypes

extension NodeNetwork {
    /// The addresses at which programs of this network namespace accept TCP connections on these ports (inet_diag); a
    /// port that nothing listens on is missing. A wildcard socket counts for each family it serves.
    package static func listeningAddresses(
        on ports: Set<UInt16>
    ) throws(NetlinkError) -> [UInt16: Set<IPAddress>] {
        guard !ports.isEmpty else { return [:] }
        let exchange = try NetlinkExchange.aboutSockets()
        var found: [UInt16: Set<IPAddress>] = [:]
        for family in [AddressFamily.ipv4, .ipv6] {
            var header = inet_diag_req_v2()
            header.sdiag_family = family.number
            header.sdiag_protocol = UInt8(IPPROTO_TCP)
            // TCP_LISTEN alone, so that the kernel looks at no connection.
            header.idiag_states = 1 << 10
            let request = NetlinkRequest(dump: .socketsByFamily, header: header)
            let sockets = try exchange.dump(request, operation: "listing the listening TCP sockets") {
                message throws(MalformedMessage) -> ListeningAddresses? in
                guard message.type == .socketsByFamily else { return nil }
                return try ListeningAddresses(parsing: message)
            }
            for socket in sockets where ports.contains(socket.port) {
                found[socket.port, default: []].formUnion(socket.addresses)
            }
        }
        return found
    }
}

/// Where one listening socket accepts connections (struct inet_diag_msg).
struct ListeningAddresses: Equatable {
    var port: UInt16
    var addresses: Set<IPAddress>

    init(parsing message: NetlinkMessage) throws(MalformedMessage) {
        let (header, attributes) = try message.body(inet_diag_msg.self)
        guard let family = AddressFamily(CInt(header.idiag_family)) else { throw MalformedMessage() }
        port = UInt16(bigEndian: header.id.idiag_sport)
        let bytes = withUnsafeBytes(of: header.id.idiag_src) { [UInt8]($0) }
        guard family == .ipv6 else {
            addresses = [try family.address(bytes.prefix(4))]
            return
        }
        if bytes.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
            addresses = [try AddressFamily.ipv4.address(bytes.suffix(4))]
            return
        }
        addresses = [try family.address(bytes[...])]
        let isIPv6Only = try attributes.value(Int(INET_DIAG_SKV6ONLY), as: UInt8.self) ?? 1
        if isIPv6Only == 0, bytes.allSatisfy({ $0 == 0 }) {
            addresses.insert(try AddressFamily.ipv4.address([0, 0, 0, 0]))
        }
    }
}
