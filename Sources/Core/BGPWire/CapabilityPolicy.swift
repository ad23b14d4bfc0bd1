/// Which capabilities a peer is offered in our OPEN.
package enum CapabilityPolicy: String, Sendable, Hashable, CaseIterable {
    /// All, and fewer if it rejects the OPEN.
    case automatic = "auto"
    /// All, whatever it says.
    case all
    /// Only what the VIPs and our AS need, from the first try on.
    case minimal
}
