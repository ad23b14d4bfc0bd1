extension Notification: CustomStringConvertible {
    /// Code and subcode by their registered names on one line, with what the data says where that is defined:
    /// `Cease/Administrative Shutdown "maintenance"`.
    package var description: String {
        detail.map { "\(name) \($0)" } ?? name
    }

    /// The names alone, `OPEN Message Error/Bad Peer AS`; subcode 0 says nothing more than the code.
    package var name: String {
        let codeName = Self.codes[code] ?? "Error code \(code)"
        guard subcode != 0 else { return codeName }
        return "\(codeName)/\(Self.subcodes[code]?[subcode] ?? "subcode \(subcode)")"
    }

    /// What the data field says, in words; nil if there is nothing to say.
    private var detail: String? {
        if let communication { return "\"\(communication)\"" }
        switch (code, subcode, data.count) {
        case (_, _, 0), (6, 2, _), (6, 4, _): return nil
        case (1, 2, 2): return "(length \(UInt16(data[0]) << 8 | UInt16(data[1])))"
        case (1, 3, 1): return "(type \(data[0]))"
        case (2, 1, 2): return "(speaks version \(UInt16(data[0]) << 8 | UInt16(data[1])))"
        case (2, 7, _) where !capabilities.isEmpty:
            return "(\(capabilities.map(\.description).joined(separator: ", ")))"
        case (5, 1...3, 1): return "(\(MessageType(rawValue: data[0])?.description ?? "type \(data[0])"))"
        case (6, 9, 2...): return hardResetDetail
        default: return "(data \(data.hexadecimal(limit: 16)))"
        }
    }

    /// The capabilities that an Unsupported Capability lists (RFC 5492 section 5); none if the data is something else.
    package var capabilities: [Capability] {
        guard code == 2, subcode == 7 else { return [] }
        var capabilities: [Capability] = []
        var rest = data[...]
        while let code = rest.first, let length = rest.dropFirst().first {
            let value = rest.dropFirst(2).prefix(Int(length))
            guard value.count == length else { return [] }
            capabilities.append(Capability(code: code, value: Array(value)))
            rest = rest.dropFirst(2 + Int(length))
        }
        return rest.isEmpty ? capabilities : []
    }

    /// The reason a Hard Reset encloses (RFC 8538 section 3.1). One inside another is not unfolded: no speaker
    /// means that, and a peer must not choose how deep we go.
    private var hardResetDetail: String {
        let reason = Notification(code: data[0], subcode: data[1], data: Array(data.dropFirst(2)))
        return "(\(reason.code == 6 && reason.subcode == 9 ? reason.name : reason.description))"
    }

    private static let codes: [UInt8: String] = [
        1: "Message Header Error", 2: "OPEN Message Error", 3: "UPDATE Message Error", 4: "Hold Timer Expired",
        5: "Finite State Machine Error", 6: "Cease", 7: "ROUTE-REFRESH Message Error", 8: "Send Hold Timer Expired",
    ]

    private static let subcodes: [UInt8: [UInt8: String]] = [
        // RFC 4271 section 6.1
        1: [1: "Connection Not Synchronized", 2: "Bad Message Length", 3: "Bad Message Type"],
        // RFC 4271 section 6.2, RFC 5492 section 5 (7), RFC 9234 section 4.2 (11)
        2: [
            1: "Unsupported Version Number", 2: "Bad Peer AS", 3: "Bad BGP Identifier",
            4: "Unsupported Optional Parameter", 5: "Authentication Failure", 6: "Unacceptable Hold Time",
            7: "Unsupported Capability", 11: "Role Mismatch",
        ],
        // RFC 4271 section 6.3
        3: [
            1: "Malformed Attribute List", 2: "Unrecognized Well-known Attribute",
            3: "Missing Well-known Attribute", 4: "Attribute Flags Error", 5: "Attribute Length Error",
            6: "Invalid ORIGIN Attribute", 7: "AS Routing Loop", 8: "Invalid NEXT_HOP Attribute",
            9: "Optional Attribute Error", 10: "Invalid Network Field", 11: "Malformed AS_PATH",
        ],
        // RFC 6608 section 3
        5: [
            1: "Unexpected Message in OpenSent", 2: "Unexpected Message in OpenConfirm",
            3: "Unexpected Message in Established",
        ],
        // RFC 4486 section 3, RFC 8538 section 3 (9), RFC 9384 section 3 (10)
        6: [
            1: "Maximum Number of Prefixes Reached", 2: "Administrative Shutdown", 3: "Peer De-configured",
            4: "Administrative Reset", 5: "Connection Rejected", 6: "Other Configuration Change",
            7: "Connection Collision Resolution", 8: "Out of Resources", 9: "Hard Reset", 10: "BFD Down",
        ],
        // RFC 7313 section 5
        7: [1: "Invalid Message Length"],
    ]
}
