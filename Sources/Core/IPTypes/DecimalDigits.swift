extension FixedWidthInteger {
    /// Parses one or more ASCII digits: no sign, no blanks, no leading zero, nil if the number does not fit.
    ///
    /// `Int(_:)` would take "+1", and a leading zero is octal to some other tool the same text is given to.
    package init?(decimalDigits text: some StringProtocol) {
        guard let number = number(decimalDigits: String(text)) else { return nil }
        self.init(exactly: number)
    }
}

/// Not generic: other modules call the generic code unspecialised, which looks up its types as it runs. That slows a start.
private func number(decimalDigits text: String) -> UInt64? {
    let digits = text.utf8
    guard let first = digits.first, digits.allSatisfy({ (48...57).contains($0) }), first != 48 || digits.count == 1
    else { return nil }
    return UInt64(text)
}
