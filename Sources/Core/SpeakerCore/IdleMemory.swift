/// Decides when the process gives the free memory of its heap back.
///
/// An allocator gives back what is free at the end of the heap. A flood of connections leaves free pages in between, and they
/// would stay resident for good. How much is free in a large heap is costly to find out, and so is a return. What is resident
/// is known for nothing: while it is more than it once was, a return is tried, each time after twice as long a wait, because
/// what does not come back is in use.
package struct IdleMemory: Sendable {
    /// This much more than the least is worth a return, in octets.
    static let tolerance = 512 << 10
    /// No wait is longer, in looks.
    static let longestWait = 256

    /// The least that was resident; nil before the first look.
    private var least: Int?
    /// How many looks the next return waits for.
    private var wait = 1
    private var waited = 0

    package init() {}

    /// Takes a look at what is resident and of no file, in octets. Looks come at even intervals.
    /// - Returns: true if the free memory is to be given back now.
    package mutating func look(at resident: Int) -> Bool {
        let least = min(self.least ?? resident, resident)
        self.least = least
        guard resident - least >= Self.tolerance else {
            (wait, waited) = (1, 0)
            return false
        }
        waited += 1
        guard waited >= wait else { return false }
        (wait, waited) = (min(2 * wait, Self.longestWait), 0)
        return true
    }
}
