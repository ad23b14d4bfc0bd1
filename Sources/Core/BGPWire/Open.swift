/// OPEN (RFC 4271 section 4.2).
package struct Open: Sendable, Hashable {
    /// BGP version, 4.
    package var version: UInt8
    /// My Autonomous System: two octets, 23456 for an AS that does not fit (RFC 6793).
    package var myAS: UInt16
    /// Proposed hold time in seconds: 0, or at least 3.
    package var holdTime: UInt16
    /// The sender's BGP identifier.
    package var identifier: BGPIdentifier
    /// Optional parameters in the order they stand on the wire.
    package var parameters: [Parameter]
    /// True if the parameters use the extended length of RFC 9072.
    package var extendedLength: Bool

    /// One optional parameter.
    package enum Parameter: Sendable, Hashable {
        /// Type 2: capabilities (RFC 5492).
        case capabilities([Capability])
    }

    /// An OPEN with all its fields.
    package init(
        version: UInt8 = 4, myAS: UInt16, holdTime: UInt16, identifier: BGPIdentifier, parameters: [Parameter],
        extendedLength: Bool = false
    ) {
        self.version = version
        self.myAS = myAS
        self.holdTime = holdTime
        self.identifier = identifier
        self.parameters = parameters
        self.extendedLength = extendedLength
    }

    /// All capabilities of all parameters, in order.
    package var capabilities: [Capability] {
        parameters.flatMap { parameter in
            switch parameter {
            case .capabilities(let capabilities): capabilities
            }
        }
    }

    /// The sender's AS: from the four-octet AS capability if present, else from `myAS` (RFC 6793 section 4.1).
    package var speakerAS: ASNumber {
        for case .fourOctetAS(let number) in capabilities { return number }
        return ASNumber(UInt32(myAS))
    }
}
