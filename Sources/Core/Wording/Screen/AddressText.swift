import IPTypes

/// An address or prefix as an operator typed it, in the one form in which texts can be compared.
///
/// A missing length means a host route, and a missing zone matches any.
struct AddressText: Equatable {
    private var address: String
    private var zone: String?
    private var length: String?

    init(_ text: String) {
        let slash = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let percent = (slash.first ?? "").split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        let typed = String(percent.first ?? "")
        address = IPAddress(typed).map { "\($0)" } ?? typed.lowercased()
        zone = percent.count > 1 ? String(percent[1]) : nil
        length = slash.count > 1 ? String(slash[1]) : nil
    }

    /// True if the typed text, which may lack zone and length, means the configured one.
    func matches(_ configured: AddressText) -> Bool {
        address == configured.address
            && (zone == nil || zone == configured.zone)
            && (length == nil || length == (configured.length ?? (address.contains(":") ? "128" : "32")))
    }
}
