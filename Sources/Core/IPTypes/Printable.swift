extension Unicode.Scalar {
    /// False for what would break a line, turn its direction, or not be seen at all.
    package var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
