import Deadlines

/// What is known of one kind of objects: how far its list is, and when the API last said anything of it.
struct Feed: Sendable, Hashable {
    /// True once a list was complete.
    var isComplete = false
    /// True from the beginning of a list to its end.
    var isListing = false
    /// Counts the lists; what is stored keeps the number of the list in which it was last seen.
    var list = 0
    /// Why the watch or the list failed last; nil while it works.
    var failure: String?
    /// When the API last said anything.
    var heardAt: Instant?

    mutating func begin() {
        isListing = true
        list += 1
    }

    mutating func lose(_ reason: String) {
        isListing = false
        failure = reason
    }

    mutating func hear(at now: Instant) {
        heardAt = now
        failure = nil
    }
}
