import Settings

/// What a flag means that has no `=`.
enum BareFlag {
    /// The next word is its value.
    case needsValue
    /// `true`, unless the next word is one for `true` or `false`, or is empty, which sets nothing.
    case isTrue
    /// `true`, unless the next word is a value, which no flag is.
    case isTrueOrValue

    /// True if the next word is the flag's value.
    func takes(_ next: String?) -> Bool {
        switch self {
        case .needsValue: next != nil
        case .isTrue: next.map { $0.isEmpty || Setting.isBoolean($0) } ?? false
        case .isTrueOrValue: next.map { !$0.hasPrefix("-") } ?? false
        }
    }
}

extension Setting {
    var bareFlag: BareFlag {
        if form == .boolean { return .isTrue }
        return isTrueWhenBare ? .isTrueOrValue : .needsValue
    }
}

extension KubeVipVariable {
    var bareFlag: BareFlag { isBoolean ? .isTrue : .needsValue }
}
