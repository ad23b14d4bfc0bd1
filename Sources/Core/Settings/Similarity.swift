extension String {
    /// The candidate that is at most three edits away, and fewer than half of its letters; nil if there is none.
    package func mostSimilar(among candidates: [String]) -> String? {
        // A word of this length is not misspelled by accident, and the distance costs the product of both.
        guard utf8.count <= 64 else { return nil }
        return
            candidates
            .map { (name: $0, distance: editDistance(to: $0)) }
            .filter { $0.distance <= 3 && $0.distance * 2 < $0.name.count }
            .min { $0.distance < $1.distance }?
            .name
    }

    /// Levenshtein's distance: how many letters must be inserted, deleted or replaced.
    private func editDistance(to other: String) -> Int {
        let other = Array(other)
        var row = Array(0...other.count)
        for (index, letter) in enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let replaced = diagonal + (letter == other[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = Swift.min(replaced, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[other.count]
    }
}
