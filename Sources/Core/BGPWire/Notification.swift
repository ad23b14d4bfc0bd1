/// NOTIFICATION (RFC 4271 section 4.5): why a session ends.
package struct Notification: Sendable, Hashable {
    /// Error code, 1...8 are known.
    package var code: UInt8
    /// Error subcode; its meaning depends on the code.
    package var subcode: UInt8
    /// Data, as the code and subcode define it.
    package var data: [UInt8]

    /// A notification with these numbers.
    package init(code: UInt8, subcode: UInt8, data: [UInt8] = []) {
        self.code = code
        self.subcode = subcode
        self.data = data
    }
}
