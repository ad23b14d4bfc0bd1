/// The memory of the process, in octets.
package struct MemoryUse: Sendable, Hashable {
    /// Resident and of no file: the heap, stacks, variables.
    package var resident: Int
    /// The part of the heap that is allocated.
    package var allocated: Int

    package init(resident: Int, allocated: Int) {
        self.resident = resident
        self.allocated = allocated
    }
}

/// Decides when the process gives memory back that it holds and does not use.
///
/// An allocator gives back what is free at the end of the heap. A flood of connections leaves free pages in between, and they
/// would stay resident for good. What matters is the growth: some idle memory remains after each return, as stacks and as holes
/// that are smaller than a page.
package struct IdleMemory: Sendable {
    /// This much more than the last return left is worth a walk through the heap, in octets.
    static let tolerance = 512 << 10

    /// The least that was idle since the last return; nil before the first look.
    private var least: Int?

    package init() {}

    /// Takes a look at the memory.
    /// - Returns: true if memory is to be given back now; `noteReturn` follows.
    package mutating func look(at use: MemoryUse) -> Bool {
        let idle = use.resident - use.allocated
        let before = least ?? idle
        least = min(before, idle)
        return idle - before >= Self.tolerance
    }

    /// Memory was given back, and this much remains.
    package mutating func noteReturn(leaving use: MemoryUse) {
        least = use.resident - use.allocated
    }
}
