import Glibc
import NIOCore
import Settings
import Testing

@testable import Daemon
@testable import Wording

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
        #expect(LineLog.render([("k", .string(value))], as: .logfmt) == line)
    }

    @Test func jsonIsOneObjectWithAllFieldsInOrder() {
        let line = LineLog.render([("time", "t"), ("msg", "a \"b\" \\ \u{0}")], as: .json)
        #expect(line == #"{"time":"t","msg":"a \"b\" \\ \u0000"}"#)
    }

    @Test func theFormatCanChangeFromOneLineToTheNext() throws {
        let ends = try nonBlockingPipe()
        defer { for end in ends { close(end) } }
        let log = LineLog(format: .logfmt, descriptor: ends[1])
        log.format = .json
        log.write(LogLine(.info, "one"))
        #expect(String(decoding: drained(ends[0]), as: UTF8.self).hasSuffix(#","level":"info","msg":"one"}"# + "\n"))
        log.format = .logfmt
        log.write(LogLine(.info, "two"))
        #expect(String(decoding: drained(ends[0]), as: UTF8.self).hasSuffix("level=info msg=two\n"))
    }

    @Test func fieldsAreSortedByTheirNames() throws {
        let ends = try nonBlockingPipe()
        defer { for end in ends { close(end) } }
        let log = LineLog(format: .logfmt, descriptor: ends[1], journalStream: try identity(of: ends[1]))
        log.write(LogLine(.info, "m", [("vips", .number(2)), ("local_as", .number(1)), ("peers", .number(3))]))
        #expect(String(decoding: drained(ends[0]), as: UTF8.self) == "<6>level=info msg=m local_as=1 peers=3 vips=2\n")
    }

    @Test func aFactIsWrittenIfItsLevelIs() throws {
        let ends = try nonBlockingPipe()
        defer { for end in ends { close(end) } }
        let log = LineLog(format: .logfmt, descriptor: ends[1], journalStream: try identity(of: ends[1]))
        log.write(.bfdReceiving, from: .notice)
        log.write(.startFailed(reason: "r"), from: .error)
        #expect(String(decoding: drained(ends[0]), as: UTF8.self) == "<3>level=error msg=\"cannot start: r\"\n")
    }

    @Test func aFullPipeLosesLinesInsteadOfBlockingAndSaysHowMany() throws {
        let ends = try nonBlockingPipe()
        defer { for end in ends { close(end) } }
        let log = LineLog(format: .logfmt, descriptor: ends[1])
        let filler = [UInt8](repeating: 0x78, count: 4096)
        while write(ends[1], filler, filler.count) > 0 {}
        log.write(LogLine(.info, "lost"))
        log.write(LogLine(.info, "lost"))
        #expect(drained(ends[0]).allSatisfy { $0 == 0x78 })
        log.write(LogLine(.info, "back"))
        let line = String(decoding: drained(ends[0]), as: UTF8.self)
        #expect(line.hasSuffix("level=info msg=back lines_lost=2\n"))
        log.write(LogLine(.info, "next", [("peer", "10.0.0.1")]))
        #expect(String(decoding: drained(ends[0]), as: UTF8.self).hasSuffix("level=info msg=next peer=10.0.0.1\n"))
    }

    @Test func numbersAndTruthValuesHaveNoQuotesInJSONAndTextThatLooksLikeThemHas() {
        let fields: [LogLine.Field] = [
            ("hold_time", .number(9)), ("took_ms", .milliseconds(.microseconds(1_250))), ("definitive", .truth(true)),
            ("in_ms", .milliseconds(.seconds(2))), ("late_ms", .milliseconds(.microseconds(-40))), ("check", "9"),
        ]
        #expect(
            LineLog.render(fields, as: .json)
                == #"{"hold_time":9,"took_ms":1.25,"definitive":true,"in_ms":2000,"late_ms":-0.04,"check":"9"}"#)
        #expect(
            LineLog.render(fields, as: .logfmt)
                == "hold_time=9 took_ms=1.25 definitive=true in_ms=2000 late_ms=-0.04 check=9")
    }

    @Test func aLineLongerThanAPipeTakesAtOnceIsWhole() throws {
        let ends = try nonBlockingPipe()
        defer { for end in ends { close(end) } }
        let log = LineLog(format: .json, descriptor: ends[1])
        let long = String(repeating: "y", count: 10_000)
        log.write(LogLine(.info, long, [("reason", .string(long))]))
        #expect(
            String(decoding: drained(ends[0]), as: UTF8.self)
                .hasSuffix("\"level\":\"info\",\"msg\":\"\(long)\",\"reason\":\"\(long)\"}\n"))
    }

    @Test func aLineThatWasBegunIsFinishedBeforeTheNext() throws {
        let ends = try nonBlockingPipe()
        defer { for end in ends { close(end) } }
        let log = LineLog(format: .json, descriptor: ends[1])
        let filler = [UInt8](repeating: 0x78, count: 4096)
        // Room for one more page.
        while write(ends[1], filler, filler.count) > 0 {}
        var page = filler
        try #require(read(ends[0], &page, page.count) == 4096)
        let long = String(repeating: "y", count: 10_000)
        log.write(LogLine(.info, long))
        log.write(LogLine(.info, "lost"))
        let begun = drained(ends[0]).drop { $0 == 0x78 }
        #expect(begun.count == 4096)
        log.write(LogLine(.info, "next"))
        let lines = String(decoding: begun + drained(ends[0]), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.hasSuffix("\"msg\":\"\(long)\"}") == true)
        #expect(lines.last?.hasSuffix(#""msg":"next","lines_lost":1}"#) == true)
    }

    @Test func whatIsLongerThanALineMayBeIsShortenedWhereItIsLongest() {
        let long = String(repeating: "\u{1}", count: 20_000)
        for format in [LogFormat.json, .logfmt] {
            let line = LineLog.render(
                [("msg", "m"), ("reason", .string(long)), ("lines", .number(4)), ("peer", "10.0.0.1")], as: format)
            #expect(line.utf8.count < LineLog.longestLine)
            let kept = String(repeating: #"\u0001"#, count: 10_000)
            #expect(
                line
                    == (format == .json
                        ? #"{"msg":"m","reason":""# + kept + #"… (10000 more characters)","lines":4,"peer":"10.0.0.1"}"#
                        : #"msg=m reason=""# + kept + #"… (10000 more characters)" lines=4 peer=10.0.0.1"#))
        }
    }

    @Test func aTerminalThatIsNotReadHoldsNothingUp() throws {
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var (number, isLocked): (CInt, CInt) = (0, 0)
        // TIOCSPTLCK and TIOCGPTN.
        try #require(ioctl(terminal, 0x4004_5431, &isLocked) == 0 && ioctl(terminal, 0x8004_5430, &number) == 0)
        let end = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(end >= 0)
        let log = LineLog(format: .logfmt, descriptor: end)
        for _ in 0..<5000 { log.write(LogLine(.info, String(repeating: "x", count: 200))) }
        // Ends the write that hangs.
        close(terminal)
        log.finish()
        close(end)
    }

    @Test func aFileHasEveryLineInOrderWhenTheProcessEnds() throws {
        let file = tmpfile()
        defer { fclose(file) }
        let log = LineLog(format: .logfmt, descriptor: fileno(file))
        for number in 0..<100 { log.write(LogLine(.info, "m\(number)")) }
        log.finish()
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = pread(fileno(file), &bytes, bytes.count, 0)
        let words = String(decoding: bytes.prefix(count), as: UTF8.self).split { " \n".contains($0) }
        #expect(words.filter { $0.hasPrefix("msg=") } == (0..<100).map { "msg=m\($0)" })
    }

    @Test(arguments: [
        (LogLevel.debug, 7), (.info, 6), (.notice, 5), (.warning, 4), (.error, 3),
    ])
    func theJournalGetsPrioritiesAndKnowsTheTimeItself(level: LogLevel, priority: Int) throws {
        let ends = try nonBlockingPipe()
        defer { for end in ends { close(end) } }
        for format in [LogFormat.logfmt, .json] {
            let log = LineLog(format: format, descriptor: ends[1], journalStream: try identity(of: ends[1]))
            log.write(LogLine(level, "m", [("peer", "10.0.0.1")]))
            let line =
                format == .json
                ? #"{"level":"\#(level)","msg":"m","peer":"10.0.0.1"}"# : "level=\(level) msg=m peer=10.0.0.1"
            #expect(String(decoding: drained(ends[0]), as: UTF8.self) == "<\(priority)>\(line)\n")
        }
    }

    @Test func whatDoesNotLeadToTheJournalKeepsItsTimeAndHasNoPriority() throws {
        let ends = try nonBlockingPipe()
        let others = try nonBlockingPipe()
        defer { for end in ends + others { close(end) } }
        for stream in [nil, "", "1:2", try identity(of: others[1])] {
            let log = LineLog(format: .logfmt, descriptor: ends[1], journalStream: stream)
            log.write(LogLine(.error, "m"))
            let line = String(decoding: drained(ends[0]), as: UTF8.self)
            #expect(line.hasPrefix("time=2"))
            #expect(line.hasSuffix("Z level=error msg=m\n"))
        }
    }

    /// Device and inode, as `JOURNAL_STREAM` has them.
    private func identity(of descriptor: Int32) throws -> String {
        var info = stat()
        try #require(fstat(descriptor, &info) == 0)
        return "\(info.st_dev):\(info.st_ino)"
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
