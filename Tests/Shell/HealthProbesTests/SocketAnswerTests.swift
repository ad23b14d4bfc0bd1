import Testing

@testable import HealthProbes

@Suite("The kernel's answer about one socket")
struct SocketAnswerTests {
    /// A listening socket with three connections that wait, as Linux 6.18 answers: header, addresses, then the numbers.
    private static let listening: [UInt8] =
        [88, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]
        + [2, 10, 0, 0] + [UInt8](repeating: 0xEE, count: 48) + [0, 0, 0, 0]
        + [3, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0x39, 0x30, 1, 0]

    @Test("State, queue and inode are read from their places, wherever the octets begin")
    func numbers() throws {
        let answers = [Self.listening, Self.listening + [0, 0, 0, 0]].map { $0[...] }
        for answer in answers + [([7] + Self.listening).dropFirst()] {
            let found = try #require(SocketAnswer(parsing: answer))
            #expect(found.state == SocketAnswer.listenState)
            #expect(found.readQueue == 3)
            #expect(found.inode == 0x13039)
        }
    }

    @Test("An error, and an answer that is cut, are no socket")
    func none() {
        #expect(SocketAnswer(parsing: Self.listening.dropLast()) == nil)
        #expect(SocketAnswer(parsing: []) == nil)
        var error = Self.listening
        error[4] = 2
        #expect(SocketAnswer(parsing: error[...]) == nil)
    }
}
