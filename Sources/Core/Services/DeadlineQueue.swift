import Deadlines

/// Deadlines by what they are for, the earliest first: a binary heap in which deadlines that were replaced stay until they
/// come to the top.
struct DeadlineQueue<Key: Hashable & Sendable>: Sendable {
    private var deadlines: [Key: Instant] = [:]
    private var heap: [(at: Instant, key: Key)] = []

    /// The earliest deadline; nil if there is none.
    var first: Instant? { heap.first?.at }

    /// When something is due; nil if it is not.
    subscript(key: Key) -> Instant? {
        get { deadlines[key] }
        set {
            guard deadlines[key] != newValue else { return }
            deadlines[key] = newValue
            if let newValue { push((newValue, key)) }
            dropReplaced()
        }
    }

    /// Takes out what is due at `now`, the earliest first; nil if nothing is.
    mutating func popDue(at now: Instant) -> Key? {
        guard let top = heap.first, top.at <= now else { return nil }
        deadlines[top.key] = nil
        dropReplaced()
        return top.key
    }

    private mutating func dropReplaced() {
        while let top = heap.first, deadlines[top.key] != top.at { pop() }
    }

    private mutating func push(_ element: (at: Instant, key: Key)) {
        heap.append(element)
        var child = heap.count - 1
        while child > 0, heap[child].at < heap[(child - 1) / 2].at {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { return }
            if child + 1 < heap.count, heap[child + 1].at < heap[child].at { child += 1 }
            guard heap[child].at < heap[parent].at else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
