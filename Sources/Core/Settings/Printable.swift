extension Unicode.Scalar {
    /// False for what would break a line, turn its direction, or not be seen at all.
    package var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}

extension String {
    /// With an escape for each character that cannot be shown.
    var onOneLine: String {
        unicodeScalars.map { $0.isPrintable ? String($0) : "\\u{\(String($0.value, radix: 16))}" }.joined()
    }
}
