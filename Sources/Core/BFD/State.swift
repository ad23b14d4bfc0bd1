/// The states of a session (RFC 5880 section 6.2), with their number on the wire.
package enum BFDState: UInt8, Sendable, Hashable, CaseIterable {
    /// Held down by the operator. Not a failure: the path may be well.
    case adminDown = 0
    /// The peer is not heard, or has just begun to be.
    case down = 1
    /// We hear the peer, and it does not know yet that we do ("Init").
    case initializing = 2
    /// Both hear each other.
    case up = 3
}

extension BFDState: CustomStringConvertible {
    /// The name that RFC 5880 gives it.
    package var description: String {
        switch self {
        case .adminDown: "AdminDown"
        case .down: "Down"
        case .initializing: "Init"
        case .up: "Up"
        }
    }
}
