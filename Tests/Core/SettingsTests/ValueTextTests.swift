import Testing

@testable import Settings

@Suite struct `Single values` {
    @Test(arguments: [
        ("500ms", 500), ("1s", 1000), ("1.5s", 1500), ("1.5", 1500), ("3", 3000), ("0", 0), ("0.001s", 1),
        ("2m", 120_000),
        ("0.25m", 15_000), ("999ms", 999), ("1.500s", 1500),
    ]) func `times are read to the millisecond`(text: String, milliseconds: Int) throws {
        #expect(try ValueText.duration(text, in: .zero ... .seconds(3600)) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "s", "ms", "-1s", "+1s", "1 s", "1e3", "1.s", ".5s", "1.0005s", "0.5ms", "1d", "1S", "9999999999", "1.5.5",
        "1.-5s", "1.+5s", "0x10", "½",
    ]) func `what is no time is refused`(text: String) {
        #expect(throws: Complaint("\"\(text)\" is not a time", "write for example 500ms, 1.5s or 30s")) {
            try ValueText.duration(text, in: .zero ... .seconds(3600))
        }
    }

    @Test func `times out of range name the range`() {
        #expect(throws: Complaint("2m is not from 10ms to 1.5s")) {
            try ValueText.duration("2m", in: .milliseconds(10) ... .milliseconds(1500))
        }
    }

    @Test(arguments: [
        (0, "0s"), (1, "1ms"), (200, "200ms"), (1000, "1s"), (1500, "1.5s"), (1050, "1.05s"), (90_000, "90s"),
    ])
    func `times are written the way they are read`(milliseconds: Int, text: String) throws {
        #expect(ValueText.spelled(.milliseconds(milliseconds)) == text)
        #expect(try ValueText.duration(text, in: .zero ... .seconds(3600)) == .milliseconds(milliseconds))
    }

    @Test(arguments: ["1", "t", "T", "TRUE", "true", "True", "yes", "Yes", "YES", "on", "On", "ON"])
    func `true is what Go and YAML take for it`(text: String) throws {
        #expect(try ValueText.boolean(text))
    }

    @Test(arguments: ["0", "f", "F", "FALSE", "false", "False", "no", "No", "NO", "off", "Off", "OFF"])
    func `false is what Go and YAML take for it`(text: String) throws {
        #expect(try !ValueText.boolean(text))
    }

    @Test(arguments: ["y", "ja", "tRUE", "", "2", "enabled"]) func `other words are no truth`(text: String) {
        #expect(throws: Complaint("\"\(text)\" is neither true nor false")) { try ValueText.boolean(text) }
    }

    @Test func `quotes are short and printable`() {
        #expect(ValueText.quoted("a\nb\u{1b}[31m") == "\"a?b?[31m\"")
        #expect(ValueText.quoted("m\u{2028}5\u{2029}\u{85}\u{202e}ä€") == "\"m?5???ä€\"")
        #expect(ValueText.quoted(String(repeating: "x", count: 61)) == "\"\(String(repeating: "x", count: 60))…\"")
    }

    @Test func `what cannot be shown is no part of a name or a path`() {
        #expect(throws: Complaint("\"/run/a?b\" contains U+000A, which cannot be shown")) {
            try ValueText.path("/run/a\nb")
        }
        #expect(throws: Complaint("\"eth?\" contains U+202E, which cannot be shown")) {
            try ValueText.interfaceName("eth\u{202e}")
        }
        #expect(throws: Complaint("\"/?\" contains U+E0001, which cannot be shown")) {
            try ValueText.socketPath("/\u{E0001}")
        }
    }

    @Test(arguments: ["", "eth0/1", "a b", "sixteen-letters-", "..", "eth0:1", "a\u{7f}"])
    func `what Linux takes for no interface is refused`(name: String) {
        #expect(throws: Complaint.self) { try ValueText.interfaceName(name) }
    }

    @Test func `a socket's path fits the kernel's structure`() throws {
        #expect(try ValueText.socketPath("/" + String(repeating: "x", count: 106))?.utf8.count == 107)
        #expect(throws: Complaint("the path is longer than the 107 bytes a socket's may have")) {
            try ValueText.socketPath("/" + String(repeating: "x", count: 107))
        }
        #expect(throws: Complaint("\"run/x\" is not an absolute path")) { try ValueText.socketPath("run/x") }
    }
}
