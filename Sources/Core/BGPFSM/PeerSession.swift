package import Deadlines

/// One peer's session. (Skeleton: the machine itself is being written in this file.)
package struct PeerSession: Sendable, Hashable {
    /// The states of RFC 4271 section 8.2.2.
    package enum State: String, Sendable, Hashable, CaseIterable {
        case idle = "Idle"
        case connect = "Connect"
        case active = "Active"
        case openSent = "OpenSent"
        case openConfirm = "OpenConfirm"
        case established = "Established"
    }
}
