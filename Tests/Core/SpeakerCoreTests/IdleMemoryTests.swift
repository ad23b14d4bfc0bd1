import Testing

@testable import SpeakerCore

/// When memory is given back that is held and not used. Figures in KiB: resident, allocated.
struct IdleMemoryTests {
    private var memory = IdleMemory()

    private mutating func look(_ resident: Int, _ allocated: Int) -> Bool {
        memory.look(at: Self.use(resident, allocated))
    }

    private static func use(_ resident: Int, _ allocated: Int) -> MemoryUse {
        MemoryUse(resident: resident << 10, allocated: allocated << 10)
    }

    @Test mutating func whatAFloodLeavesIsGivenBackWhenItIsOver() {
        #expect(!look(1_600, 1_000))
        // All of it is in use.
        #expect(!look(4_600, 4_000))
        #expect(look(4_600, 1_000))
        memory.noteReturn(leaving: Self.use(1_700, 1_000))
        #expect(!look(1_700, 1_000))
    }

    @Test mutating func halfAMegabyteIsWorthIt() {
        #expect(!look(1_600, 1_000))
        #expect(!look(2_111, 1_000))
        #expect(look(2_112, 1_000))
    }

    @Test mutating func whatRemainsAfterAReturnIsNotAskedForAgain() {
        #expect(!look(1_600, 1_000))
        #expect(look(3_600, 1_000))
        memory.noteReturn(leaving: Self.use(3_000, 1_000))
        #expect(!look(3_500, 1_000))
        #expect(look(3_512, 1_000))
    }

    @Test mutating func aReturnAmidAFloodDoesNotHideWhatTheFloodLeaves() {
        #expect(!look(1_600, 1_000))
        #expect(look(4_600, 3_000))
        memory.noteReturn(leaving: Self.use(4_200, 3_000))
        // Fragments of the flood are put to use, and then all of it ends.
        #expect(!look(4_200, 3_500))
        #expect(look(4_200, 2_900))
    }
}
