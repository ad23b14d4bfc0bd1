extension Collection<UInt8> {
    /// The octets as hexadecimal digits; past `limit` octets the rest is an ellipsis.
    func hexadecimal(limit: Int = .max) -> String {
        prefix(limit).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + (count > limit ? "…" : "")
    }
}
