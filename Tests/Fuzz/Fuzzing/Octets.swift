/// The octets of a script, taken one by one. Of an octet that stands for a letter the low five bits count.
package struct Octets {
    private var rest: ArraySlice<UInt8>

    package init(_ input: some Sequence<UInt8>) { rest = Array(input)[...] }

    /// The next octet; nil at the end of the script.
    package mutating func next() -> UInt8? { rest.popFirst() }

    /// The next octet; 0 at the end of the script.
    package mutating func argument() -> UInt8 { rest.popFirst() ?? 0 }

    /// Octets with their number in front, counted from `@`: `Chow` is "how".
    package mutating func arguments() -> [UInt8] {
        let count = argument() &- UInt8(ascii: "@")
        let taken = rest.prefix(Int(count))
        rest = rest.dropFirst(taken.count)
        return Array(taken)
    }
}

/// What counts of an octet that stands for this letter.
package func letter(_ letter: Unicode.Scalar) -> UInt8 { UInt8(ascii: letter) & 0x1F }
