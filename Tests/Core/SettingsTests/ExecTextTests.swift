import Health
import Testing

@testable import Settings

/// What `exec:TEXT` is taken for.
@Suite struct `The text of a program` {
    @Test(arguments: [
        ("/bin/a", ["/bin/a"]), ("  /bin/a   b\tc ", ["/bin/a", "b", "c"]),
        ("/bin/sh -c 'a | b && c; d > e $(f) `g` $H *.pid'", ["/bin/sh", "-c", "a | b && c; d > e $(f) `g` $H *.pid"]),
        (#"/bin/sh -c "a | b; c && d > e""#, ["/bin/sh", "-c", "a | b; c && d > e"]),
        (#"/bin/a "b \"c\" \$d \\ \e""#, ["/bin/a", #"b "c" $d \ \e"#]),
        (#"/bin/a b\ c \| \'"#, ["/bin/a", "b c", "|", "'"]), ("/bin/a '' \"\"", ["/bin/a", "", ""]),
        (#"/bin/a x'y z'"w v"u"#, ["/bin/a", "xy zw vu"]), ("/bin/sh -c 'a\nb'", ["/bin/sh", "-c", "a\nb"]),
        ("/bin/grep ^a$ /f", ["/bin/grep", "^a$", "/f"]),
        ("/bin/a b=c,d:e a~b a#b {} !", ["/bin/a", "b=c,d:e", "a~b", "a#b", "{}", "!"]),
        (#"/bin/a b\"#, ["/bin/a", #"b\"#]),
    ]) func `is taken apart as a shell does it`(text: String, words: [String]) throws {
        #expect(try CheckText("exec:" + text) == .exec(words))
        #expect(try CheckText(text, under: "exec") == .exec(words))
    }

    private static let problem =
        "means something to a shell, and no shell reads this: the program would get it as an argument; write exec:/bin/sh -c '…', or in the configuration file the list exec: [/bin/sh, -c, …]; within '…' it is a plain argument"

    @Test(arguments: [
        ("/bin/a | /bin/b", "|", 13), ("/bin/a|/bin/b", "|", 12), ("/bin/a && /bin/b", "&&", 13),
        ("/bin/a || /bin/b", "||", 13), ("/bin/a; /bin/b", ";", 12), ("/bin/a &", "&", 13),
        ("/bin/a > /tmp/x", ">", 13), ("/bin/a 2>&1", ">&", 14), ("/bin/a < /tmp/x", "<", 13),
        ("/bin/a $(id)", "$(", 13), ("/bin/a `id`", "`", 13), ("/bin/a $HOME", "$H", 13), ("/bin/a ${HOME}", "${", 13),
        (#"/bin/a "x $HOME""#, "$H", 16), (#"/bin/a "`id`""#, "`", 14), ("/bin/a /run/*.pid", "*", 18),
        ("/bin/a file?", "?", 17), ("/bin/a [ab]", "[", 13), ("/bin/a ~/x", "~", 13), ("/bin/a # b", "#", 13),
        ("/bin/a (b)", "(", 13), ("/bin/a\n/bin/b", "line break", 12),
    ]) func `is refused where a shell would do something else`(text: String, sign: String, column: Int) {
        let flags = ["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.1:65000"]]
        #expect(
            errors(flags.merging(["check": ["exec:" + text]]) { $1 }) == [
                "flag --check, entry 1, column \(column): \"\(sign)\" \(Self.problem)"
            ])
        // As an entry of a file, and as a text of one.
        let checks = FileText.mapping([("c", .mapping([("exec", .scalar(text))]))])
        #expect(errors(tree: FileText.least(["checks": checks])) == ["b.yaml:8:11: \"\(sign)\" \(Self.problem)"])
        #expect(errors(flags, environment: ["BGPVIP_CHECK": "exec:" + text]).count == 1)
    }

    @Test func `as a list is not looked into`() throws {
        let words: FileText = ["/bin/a", "|", "$(b)", "'c"]
        let checks = FileText.mapping([("c", .mapping([("exec", words)]))])
        #expect(
            try load(tree: FileText.least(["checks": checks])).settings.checks.map(\.kind) == [
                .exec(["/bin/a", "|", "$(b)", "'c"])
            ])
    }

    @Test(arguments: [("/bin/a 'b", 12, "'"), ("/bin/a b\"c'd'", 13, "\"")])
    func `needs both quotation marks`(text: String, column: Int, mark: String) {
        let flags = [
            "local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.1:65000"], "check": ["exec:" + text],
        ]
        #expect(
            errors(flags) == ["flag --check, entry 1, column \(column + 1): the quotation mark \(mark) is never closed"]
        )
    }

    @Test func `may have the commas and schemes of a list between its marks`() throws {
        let text =
            "exec:/bin/sh -c 'curl a,http://b, exec:c',tcp://127.0.0.1:1 , exec:/bin/a 'x',exec:/bin/b it\\'s,http://127.0.0.1/'"
        #expect(
            CheckText.entries(text).map(\.text) == [
                "exec:/bin/sh -c 'curl a,http://b, exec:c'", "tcp://127.0.0.1:1", "exec:/bin/a 'x'",
                "exec:/bin/b it\\'s",
                "http://127.0.0.1/'",
            ])
    }
}
