import Settings
import Testing

@testable import ConfigFile

func node(_ content: FileNode.Content, _ line: Int, _ column: Int) -> FileNode {
    FileNode(content, at: FilePlace(line: line, column: column))
}

func entry(_ key: String, _ value: FileNode, _ line: Int, _ column: Int) -> FileEntry {
    FileEntry(key, value, at: FilePlace(line: line, column: column))
}

/// What is wrong with a text; nil if nothing is.
func fault(_ text: String) -> FileFault? { fault(Array(text.utf8)) }

func fault(_ bytes: [UInt8]) -> FileFault? {
    do throws(FileFault) {
        _ = try tree(of: bytes)
        return nil
    } catch {
        return error
    }
}

@Suite struct `The tree of a YAML text` {
    @Test func `has every value with its place`() throws {
        let text = """
            # a comment
            localAS: 65001
            vips:
              - 10.9.9.9
              - address: "2001:db8::9"   # quoted
                checks: [api, 'tcp://127.0.0.1:80']
            checks:
              api: {url: https://127.0.0.1:6443/readyz, rise: 2}
            """
        let expected = node(
            .mapping([
                entry("localAS", node(.scalar("65001"), 2, 10), 2, 1),
                entry(
                    "vips",
                    node(
                        .sequence([
                            node(.scalar("10.9.9.9"), 4, 5),
                            node(
                                .mapping([
                                    entry("address", node(.scalar("2001:db8::9"), 5, 14), 5, 5),
                                    entry(
                                        "checks",
                                        node(
                                            .sequence([
                                                node(.scalar("api"), 6, 14), node(.scalar("tcp://127.0.0.1:80"), 6, 19),
                                            ]), 6, 13), 6, 5),
                                ]), 5, 5),
                        ]), 4, 3), 3, 1),
                entry(
                    "checks",
                    node(
                        .mapping([
                            entry(
                                "api",
                                node(
                                    .mapping([
                                        entry("url", node(.scalar("https://127.0.0.1:6443/readyz"), 8, 14), 8, 9),
                                        entry("rise", node(.scalar("2"), 8, 51), 8, 45),
                                    ]), 8, 8), 8, 3)
                        ]), 8, 3), 7, 1),
            ]), 2, 1)
        #expect(try tree(of: Array(text.utf8)) == expected)
    }

    @Test(arguments: ["", "# nothing\n", "---\n...\n", "\u{FEFF}"]) func `of an empty text is empty`(text: String)
        throws
    {
        let root = try tree(of: Array(text.utf8))
        #expect(root.content == .mapping([]) || root.content == .scalar(""))
    }

    @Test func `keeps texts as they are written`() throws {
        let text = "[yes, 010, 0x1f, 1_000, 1:30, 2001:db8::1, ~, null, 'it''s', \"a\\tb\\u00e9\", {a: b}]"
        guard case .sequence(let nodes) = try tree(of: Array(text.utf8)).content else { return }
        let scalars = nodes.compactMap { node in if case .scalar(let text) = node.content { text } else { nil } }
        #expect(
            scalars == ["yes", "010", "0x1f", "1_000", "1:30", "2001:db8::1", "~", "null", "it's", "a\tb\u{e9}"])
    }

    @Test func `folds a text over several lines`() throws {
        let text = "a: >-\n  one\n  two\nb: |\n  one\n  two\n"
        #expect(
            try tree(of: Array(text.utf8)).content
                == .mapping([
                    entry("a", node(.scalar("one two"), 1, 4), 1, 1),
                    entry("b", node(.scalar("one\ntwo\n"), 4, 4), 4, 1),
                ]))
    }

    @Test(
        arguments: [
            ("a: b: c", "mapping values are not allowed in this context", nil, FilePlace(line: 1, column: 5)),
            (
                "a:\n  - b\n c: d", "while parsing a block mapping: did not find expected key", nil,
                FilePlace(line: 3, column: 2)
            ),
            (
                "a:\n\tb: c", "while scanning for the next token: found character that cannot start any token",
                "indent with spaces and not with tabs; quote text that begins with @, ` or %",
                FilePlace(line: 2, column: 1)
            ),
            (
                "a: 'x", "while scanning a quoted scalar: found unexpected end of stream", nil,
                FilePlace(line: 1, column: 6)
            ),
            (
                "a: [1, 2", "while parsing a flow sequence: did not find expected ',' or ']'", nil,
                FilePlace(line: 2, column: 1)
            ),
            ("a: &x b", nil, nil, nil),
            ("a: &x b\nc: *x", "aliases are not supported", "write the value out", FilePlace(line: 2, column: 4)),
            ("a: !vault x", "tags are not supported", "remove what begins with \"!\"", FilePlace(line: 1, column: 4)),
            ("a: !!str x", "tags are not supported", "remove what begins with \"!\"", FilePlace(line: 1, column: 4)),
            ("!x {a: b}", "tags are not supported", "remove what begins with \"!\"", FilePlace(line: 1, column: 1)),
            ("a: !x [b]", "tags are not supported", "remove what begins with \"!\"", FilePlace(line: 1, column: 4)),
            (
                "a: b\n---\nc: d", "a second document begins here", "put everything into one, without \"---\"",
                FilePlace(line: 2, column: 1)
            ),
            (
                "{a: b}: c", "a key is a text, and this is not", "quote values that begin with { or [",
                FilePlace(line: 1, column: 1)
            ),
            (
                "? [a]\n: c", "a key is a text, and this is not", "quote values that begin with { or [",
                FilePlace(line: 1, column: 3)
            ),
        ] as [(String, String?, String?, FilePlace?)]) func `is refused with a place`(
            text: String, problem: String?, remedy: String?, place: FilePlace?
        )
    {
        #expect(fault(text) == problem.map { FileFault($0, remedy, at: place) })
    }

    @Test func `is refused if the bytes are not UTF-8`() {
        #expect(
            fault([0x61, 0x3A, 0x20, 0xFF])
                == FileFault("invalid leading UTF-8 octet, 3 bytes from the start", "save the file as UTF-8"))
        #expect(
            fault("a: \u{1}")
                == FileFault("control characters are not allowed, 3 bytes from the start", "save the file as UTF-8"))
    }

    @Test func `is bounded in size, depth and number of values`() throws {
        #expect(fault([UInt8](repeating: 0x20, count: largestFile + 1)) == FileFault("it is larger than 16 MiB"))
        #expect(fault([UInt8](repeating: 0x23, count: largestFile)) == nil)
        let deep = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        #expect(fault(deep) == nil)
        let tooDeep = FileFault("values nest more than 32 deep", at: FilePlace(line: 1, column: 33))
        #expect(fault("[\(deep)]") == tooDeep)
        #expect(fault(String(repeating: "[", count: largestFile)) == tooDeep)
        #expect(fault("[" + String(repeating: "x,", count: 999_999) + "]") == nil)
        #expect(
            fault("[" + String(repeating: "x,", count: 1_000_001) + "]")
                == FileFault("there are more than 1000000 values", at: FilePlace(line: 1, column: 2_000_002)))
    }
}

@Suite struct `Hostile YAML` {
    private struct Sequence64: RandomNumberGenerator {
        var state: UInt64 = 7
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    private static let pieces: [[UInt8]] =
        [
            "a", "vips", "peers", "checks", "address", "localAS", "65001", "10.0.0.1", ":", ": ", "- ", "\n", "  ",
            "\t",
            "[", "]", "{", "}", ",", "'", "\"", "|", ">", "&a ", "*a", "!x ", "!!str ", "---\n", "...\n", "? ",
            "%YAML 1.1\n",
            "%TAG ! x\n", "#", "\\", "\\x00", "\u{85}", "\u{2028}", "\u{FEFF}", "é", "<<", "~", "@", "`",
        ].map { Array($0.utf8) } + [[0], [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xFE, 0xFF], [0xFF, 0xFE]]

    @Test func `is an error or a tree, and never a trap`() {
        var random = Sequence64()
        for _ in 0..<3000 {
            let count = Int.random(in: 0...40, using: &random)
            let bytes = (0..<count).flatMap { _ in Self.pieces.randomElement(using: &random) ?? [] }
            do throws(FileFault) {
                let root = try tree(of: bytes)
                _ = try? SettingsLoader.load(
                    flags: ["config": ["x"]], environment: [:], readFile: { _ in .success("x") },
                    readTree: { _ in .success(root) })
            } catch {
                #expect(!error.problem.isEmpty)
            }
        }
    }
}
