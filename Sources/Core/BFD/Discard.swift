/// Why a packet that arrived is thrown away: the rules of RFC 5880 section 6.8.6, in their order. What is discarded
/// does not count as heard.
package enum BFDDiscard: Error, Sendable, Hashable {
    /// Fewer octets than it takes to tell the length.
    case truncated(octets: Int)
    /// Not version 1.
    case version(UInt8)
    /// The length field is below 24, or below 26 with the A bit.
    case lengthTooShort(Int)
    /// The length field says more than there is.
    case lengthBeyondPayload(Int, octets: Int)
    /// Detect Mult is zero.
    case multiplierZero
    /// The M bit is set.
    case multipoint
    /// My Discriminator is zero.
    case myDiscriminatorZero
    /// No session of ours has that Your Discriminator.
    case unknownDiscriminator(UInt32)
    /// Your Discriminator is zero in Init or Up.
    case missingDiscriminator(BFDState)
    /// Your Discriminator is zero, and no session is configured with the source.
    case unknownSource
    /// The A bit is set, and no authentication is in use.
    case authentication
}

extension BFDDiscard: CustomStringConvertible {
    /// The reason in words, to follow "discarded:".
    package var description: String {
        switch self {
        case .truncated(let octets): "\(octets) octets are no BFD packet"
        case .version(let version): "version \(version) instead of 1"
        case .lengthTooShort(let length): "length \(length) is too short"
        case .lengthBeyondPayload(let length, let octets): "length \(length) in a datagram of \(octets) octets"
        case .multiplierZero: "detection multiplier 0"
        case .multipoint: "the multipoint bit is set"
        case .myDiscriminatorZero: "My Discriminator is 0"
        case .unknownDiscriminator(let number): "no session has the discriminator \(number)"
        case .missingDiscriminator(let state): "Your Discriminator is 0 in state \(state)"
        case .unknownSource: "no session is configured with this source"
        case .authentication: "it is authenticated, and authentication is not configured"
        }
    }
}
