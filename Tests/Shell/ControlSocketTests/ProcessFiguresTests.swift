import Testing
import Wording

@testable import ControlSocket

struct ProcessFiguresTests {
    @Test func `the kernel knows this process`() throws {
        let own = try #require(ProcessFigures.current)
        #expect(own.residentBytes > 1 << 20)
        #expect(own.openDescriptors > 2)
        #expect(own.startTime > 1_600_000_000)
    }
}
