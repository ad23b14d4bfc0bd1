/// Why a system last changed the state of its session, as a code on the wire (RFC 5880 section 4.1): 0...31.
package struct BFDDiagnostic: RawRepresentable, Sendable, Hashable {
    /// The code; only its lower five bits are sent.
    package let rawValue: UInt8

    /// The diagnostic with this code.
    package init(rawValue: UInt8) {
        self.rawValue = rawValue & 0x1F
    }

    /// Nothing to tell.
    package static let none = BFDDiagnostic(rawValue: 0)
    /// Nothing was heard for a Detection Time.
    package static let detectionTimeExpired = BFDDiagnostic(rawValue: 1)
    /// The other side said that the session is down.
    package static let neighborSignaledDown = BFDDiagnostic(rawValue: 3)
    /// Something outside BFD said that the path is down.
    package static let pathDown = BFDDiagnostic(rawValue: 5)
    /// The operator holds the session down.
    package static let administrativelyDown = BFDDiagnostic(rawValue: 7)
}

extension BFDDiagnostic: CustomStringConvertible {
    /// The code in words.
    package var description: String {
        switch rawValue {
        case 0: "no diagnostic"
        case 1: "detection time expired"
        case 2: "echo function failed"
        case 3: "neighbor signaled session down"
        case 4: "forwarding plane reset"
        case 5: "path down"
        case 6: "concatenated path down"
        case 7: "administratively down"
        case 8: "reverse concatenated path down"
        case 9: "mis-connectivity defect"
        default: "diagnostic \(rawValue)"
        }
    }
}
