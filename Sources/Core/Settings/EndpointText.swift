import Health
import IPTypes

/// Where a port is opened.
enum EndpointText {
    /// All addresses of both families.
    static let everywhere = IPAddress.v6(IPv6Address(high: 0, low: 0))

    /// `none`, `PORT` (loopback), `:PORT` (everywhere) or `ADDRESS:PORT`.
    static func optional(_ text: String) throws(Complaint) -> SocketTarget? {
        let loopback = IPAddress.v4(IPv4Address(0x7F00_0001))
        if text == "none" { return nil }
        if text.utf8.allSatisfy({ (48...57).contains($0) }) {
            return SocketTarget(address: loopback, port: try ValueText.port(text))
        }
        let (host, port) = try ValueText.hostAndPort(text)
        guard let port else { throw Complaint("the port is missing", "write ADDRESS:PORT") }
        let address: IPAddress =
            switch host {
            case "": everywhere
            case "localhost": loopback
            default: try ValueText.address(host)
            }
        return SocketTarget(address: address, port: try ValueText.port(port))
    }

    /// `ADDRESS`, `ADDRESS:PORT` or `:PORT`; the address is nil for all addresses.
    static func listening(_ text: String) throws(Complaint) -> (address: IPAddress?, port: UInt16?) {
        if let address = IPAddress(text) { return (address, nil) }
        let (host, port) = try ValueText.hostAndPort(text)
        let number: UInt16? = if let port { try ValueText.port(port) } else { nil }
        return (host.isEmpty ? nil : try ValueText.address(host), number)
    }
}
