extension Unicode.Scalar {
    /// False for what would break a line, turn its direction, or not be seen at all.
    package var isPrintable: Bool {
        // The table of Unicode is large and seldom needed: a start asks about some two thousand characters.
        if isASCII { return (0x20..<0x7F).contains(value) }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return false
        default: return true
        }
    }
}
