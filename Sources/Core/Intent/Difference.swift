/// How one named thing of the settings differs between two of them.
package struct Difference<Name: Sendable & Hashable, Field: Sendable & Hashable>: Sendable, Hashable {
    /// What became of it.
    package enum Kind: Sendable, Hashable {
        case added
        case removed
        /// It is in both, and differs in these fields, at least one.
        case changed(Set<Field>)
    }

    package var name: Name
    package var kind: Kind

    /// The fields that differ; empty for what is in one of the settings only.
    package var fields: Set<Field> {
        if case .changed(let fields) = kind { fields } else { [] }
    }
}

extension Difference {
    /// All differences between two lists: what is removed in the order of the old list, then what is added or changed in
    /// the order of the new one. Of several elements with one name the first counts.
    static func all<Element: Equatable>(
        from old: [Element], to new: [Element], by name: (Element) -> Name,
        _ compare: (Element, Element) -> Set<Field>
    ) -> [Difference] {
        guard old != new else { return [] }
        let before = Dictionary(old.map { (name($0), $0) }) { first, _ in first }
        var after: Set<Name> = []
        var differences: [Difference] = []
        for element in new where after.insert(name(element)).inserted {
            guard let known = before[name(element)] else {
                differences.append(Difference(name: name(element), kind: .added))
                continue
            }
            guard known != element else { continue }
            let fields = compare(known, element)
            if !fields.isEmpty { differences.append(Difference(name: name(element), kind: .changed(fields))) }
        }
        let removed = old.map(name).filter { !after.contains($0) }
        return removed.map { Difference(name: $0, kind: .removed) } + differences
    }
}
