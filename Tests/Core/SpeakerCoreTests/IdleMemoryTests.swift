import Testing

@testable import SpeakerCore

/// When free memory is given back, by what is resident at each look, in KiB.
struct IdleMemoryTests {
    private var memory = IdleMemory()

    /// The looks at which memory is given back, from 1, while so much is resident.
    private mutating func returns(_ resident: Int, looks: Int = 1) -> [Int] {
        (1...looks).filter { _ in memory.look(at: resident << 10) }
    }

    @Test mutating func whatAFloodLeavesIsGivenBackAtTheNextLook() {
        #expect(returns(1_600, looks: 3) == [])
        #expect(returns(4_600) == [1])
        #expect(returns(1_700, looks: 3) == [])
        #expect(returns(4_600) == [1])
    }

    @Test mutating func halfAMegabyteIsWorthIt() {
        #expect(returns(1_600) == [])
        #expect(returns(2_111) == [])
        #expect(returns(2_112) == [1])
    }

    @Test mutating func whatDoesNotComeBackIsTriedMoreAndMoreSeldom() {
        #expect(returns(1_600) == [])
        #expect(returns(4_600, looks: 31) == [1, 3, 7, 15, 31])
    }

    @Test mutating func theLongestWaitIsBelowAnHour() {
        #expect(returns(1_600) == [])
        let all = returns(4_600, looks: 2_000)
        #expect(zip(all, all.dropFirst()).map { $1 - $0 }.suffix(3) == [256, 256, 256])
    }

    @Test mutating func whatIsLeastIsTheMeasure() {
        #expect(returns(4_600, looks: 3) == [])
        #expect(returns(1_600) == [])
        #expect(returns(2_200) == [1])
    }
}
