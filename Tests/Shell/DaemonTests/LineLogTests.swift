import Glibc
import Logging
import NIOCore
import Settings
import Testing

@testable import Daemon

/// Log lines as bytes.
struct LineLogTests {
    @Test(arguments: [
        ("plain", "k=plain"),
        ("two words", #"k="two words""#),
        ("", #"k="""#),
        ("a=b", #"k="a=b""#),
        (#"say "hi""#, #"k="say \"hi\"""#),
        ("line\nbreak\tand \u{1B}[31m", #"k="line\nbreak\tand \u001b[31m""#),
        ("a\u{2028}b\u{202E}\u{85}\u{E0001}", #"k="a\u2028b\u202e\u0085\udb40\udc01""#),
        ("10.0.0.1:179", "k=10.0.0.1:179"),
        ("größer", "k=größer"),
    ])
    func logfmtQuotesWhatAReaderWouldSplit(value: String, line: String) {
        #expect(LineLog.render([("k", value)], as: .logfmt) == line)
    }

    @Test func jsonIsOneObjectWithAllFieldsInOrder() {
        let line = LineLog.render([("time", "t"), ("msg", "a \"b\" \\ \u{0}")], as: .json)
        #expect(line == #"{"time":"t","msg":"a \"b\" \\ \u0000"}"#)
    }

    @Test func aFullPipeLosesLinesInsteadOfBlockingAndSaysHowMany() throws {
        let ends = try nonBlockingPipe()
        defer { for end in ends { close(end) } }
        let log = LineLog(format: .logfmt, descriptor: ends[1])
        let filler = [UInt8](repeating: 0x78, count: 4096)
        while write(ends[1], filler, filler.count) > 0 {}
        log.write(level: .info, message: "lost", metadata: [])
        log.write(level: .info, message: "lost", metadata: [])
        #expect(drained(ends[0]).allSatisfy { $0 == 0x78 })
        log.write(level: .info, message: "back", metadata: [])
        let line = String(decoding: drained(ends[0]), as: UTF8.self)
        #expect(line.hasSuffix("level=info msg=back lines_lost=2\n"))
        log.write(level: .info, message: "next", metadata: [("peer", "10.0.0.1")])
        #expect(String(decoding: drained(ends[0]), as: UTF8.self).hasSuffix("level=info msg=next peer=10.0.0.1\n"))
    }

    @Test func aLineLongerThanAPipeTakesAtOnceIsCut() throws {
        let ends = try nonBlockingPipe()
        defer { for end in ends { close(end) } }
        let log = LineLog(format: .logfmt, descriptor: ends[1])
        log.write(level: .info, message: String(repeating: "y", count: 10_000), metadata: [])
        let bytes = drained(ends[0])
        #expect(bytes.count == 4096)
        #expect(bytes.last == 0x0A)
    }

    private func nonBlockingPipe() throws -> [Int32] {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        for end in ends { try #require(fcntl(end, F_SETFL, O_NONBLOCK) == 0) }
        return ends
    }

    private func drained(_ descriptor: Int32) -> [UInt8] {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return all }
            all += chunk.prefix(count)
        }
    }
}
