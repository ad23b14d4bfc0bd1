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
    /// the order of the new one. No two elements of a list have one name.
    ///
    /// There may be very many, of which a reload changes a few: what stands at the same place from the start or from the end is
    /// compared without being looked up by name.
    static func all<Element: Equatable>(
        from old: [Element], to new: [Element], by name: (Element) -> Name,
        _ compare: (Element, Element) -> Set<Field>
    ) -> [Difference] {
        guard old != new else { return [] }
        let few = min(old.count, new.count)
        var (head, tail) = (0, 0)
        while head < few, name(old[head]) == name(new[head]) { head += 1 }
        while tail < few - head, name(old[old.count - 1 - tail]) == name(new[new.count - 1 - tail]) { tail += 1 }
        let oldRest = old[head..<old.count - tail]
        let before = Dictionary(oldRest.map { (name($0), $0) }) { first, _ in first }
        var after: Set<Name> = []
        var differences: [Difference] = []
        func add(_ known: Element, _ element: Element) {
            guard known != element else { return }
            let fields = compare(known, element)
            if !fields.isEmpty { differences.append(Difference(name: name(element), kind: .changed(fields))) }
        }
        for place in 0..<head { add(old[place], new[place]) }
        for element in new[head..<new.count - tail] where after.insert(name(element)).inserted {
            if let known = before[name(element)] {
                add(known, element)
            } else {
                differences.append(Difference(name: name(element), kind: .added))
            }
        }
        for place in new.count - tail..<new.count { add(old[place + old.count - new.count], new[place]) }
        let removed = oldRest.map(name).filter { !after.contains($0) }
        return removed.map { Difference(name: $0, kind: .removed) } + differences
    }
}
