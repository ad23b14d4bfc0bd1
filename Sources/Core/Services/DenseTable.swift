/// A dictionary for large values. They lie side by side; in a hash table, up to half of the room would be empty.
struct DenseTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var places: [Key: Int] = [:]
    private var elements: [(key: Key, value: Value)] = []

    var count: Int { elements.count }

    /// In no order that counts.
    var keys: some Sequence<Key> { elements.lazy.map(\.key) }

    subscript(key: Key) -> Value? {
        get { places[key].map { elements[$0].value } }
        set {
            switch (places[key], newValue) {
            case (let place?, let value?): elements[place].value = value
            case (nil, let value?):
                places[key] = elements.count
                elements.append((key, value))
            case (let place?, nil):
                // The last one takes its place.
                places[elements[elements.count - 1].key] = place
                places[key] = nil
                elements.swapAt(place, elements.count - 1)
                elements.removeLast()
            case (nil, nil): break
            }
        }
    }

    /// Changes a value in its place, without a copy of what it contains.
    mutating func update(_ key: Key, _ change: (inout Value) -> Void) {
        if let place = places[key] { change(&elements[place].value) }
    }
}

extension DenseTable: Sequence {
    func makeIterator() -> some IteratorProtocol<(key: Key, value: Value)> { elements.makeIterator() }
}
