package import IPTypes

/// The nodes, as the switches know them.
package struct NodeSelection: Sendable, Hashable {
    /// The nodes' own addresses on the sessions.
    package var addresses: [IPAddress] = []
    /// The switch's ports towards nodes that are on a link without addresses.
    package var ports: [String] = []
    /// Where nodes may dial from.
    package var ranges: [IPPrefix] = []

    /// Reads what the command line says; several in one text are separated by commas.
    /// - Parameters:
    ///   - nodes: addresses, or names of ports of the switch.
    ///   - ranges: prefixes.
    package init(nodes: [String], ranges: [String]) throws(SwitchSideError) {
        for text in Self.entries(nodes) {
            if let address = IPAddress(text) {
                if !addresses.contains(address) { addresses.append(address) }
            } else if text.contains("/"), IPPrefix(parsing: text) != nil {
                throw SwitchSideError("--node \(text): a prefix is not one node", "give it as --nodes \(text)")
            } else if text.utf8.allSatisfy(Self.isPortName) {
                if !ports.contains(text) { ports.append(text) }
            } else {
                throw SwitchSideError(
                    "--node \(text): neither an address nor the name of a port of the switch",
                    "write for example --node 10.0.1.2,10.0.2.2 or --node swp1")
            }
        }
        for text in Self.entries(ranges) {
            guard text.contains("/"), let prefix = IPPrefix(parsing: text) else {
                throw SwitchSideError(
                    "--nodes \(text): not a prefix", "write for example --nodes 10.0.0.0/16, or name nodes with --node")
            }
            if !self.ranges.contains(prefix) { self.ranges.append(prefix) }
        }
        if !self.ranges.isEmpty, !addresses.isEmpty {
            throw SwitchSideError("--node names addresses and --nodes prefixes", "give one of the two")
        }
    }

    /// What a port is called on any switch: letters, digits and `/-._:` (`swp1`, `Ethernet1/1`, `et-0/0/0.0`), no blank
    /// and nothing that ends a word or a text in any dialect.
    private static func isPortName(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "/-._:".utf8.contains(byte)
    }

    private static func entries(_ texts: [String]) -> [String] {
        texts.flatMap { $0.split(separator: ",") }.map { text in
            String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        .filter { !$0.isEmpty }
    }
}
