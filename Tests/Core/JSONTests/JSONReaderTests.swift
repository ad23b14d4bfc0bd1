import JSON
import Testing

struct JSONReaderTests {
    @Test(arguments: [1, 2, 3, 7, 1000])
    func aDocumentIsReadInPiecesOfAnySize(size: Int) throws {
        let text = #"{"a":[1,-2.5e3,true,false,null,"x"],"b":{"c":{}},"d":[[]],"":""} "#
        let value: JSONValue = [
            "a": [1, .number("-2.5e3"), true, false, .null, "x"], "b": ["c": [:]], "d": [[]], "": "",
        ]
        #expect(try read(text, .all, size: size) == [.document(value)])
    }

    @Test func documentsFollowEachOther() throws {
        #expect(
            try read("{\"a\":1}\n{\"a\":2}\n \"x\"7 ", .all)
                == [.document(["a": 1]), .document(["a": 2]), .document("x"), .document(7)])
    }

    @Test func whatIsNotSelectedIsSkipped() throws {
        let text = #"{"a":1,"skipped":{"a":[{"a":"x"}],"b":"\""},"b":[{"a":1,"b":2},{"b":[3]}],"c":{"d":4,"e":5}}"#
        let selection = JSONSelection.members([
            "a": .all, "b": .each(.members(["a": .all])), "c": .members(["e": .all]), "missing": .all,
        ])
        #expect(try read(text, selection) == [.document(["a": 1, "b": [["a": 1], [:]], "c": ["e": 5]])])
    }

    @Test func anotherKindThanSelectedIsKeptEmpty() throws {
        let selection = JSONSelection.members(["a": .members(["b": .all]), "c": .each(.all)])
        #expect(try read(#"{"a":[{"b":1}],"c":{"d":1}}"#, selection) == [.document(["a": [], "c": [:]])])
        #expect(try read(#"{"a":null,"c":"x"}"#, selection) == [.document(["a": .null, "c": "x"])])
    }

    @Test func elementsAreHandedOverOneByOne() throws {
        let selection = JSONSelection.members(["v": .all, "items": .handedOver(.members(["a": .all]))])
        #expect(
            try read(#"{"items":[{"a":1,"b":2},{"a":3}],"v":"9"}"#, selection)
                == [.element(["a": 1]), .element(["a": 3]), .document(["items": [], "v": "9"])])
    }

    @Test func escapesBecomeCharacters() throws {
        #expect(
            try read(#""\"\\\/\b\f\n\r\tA\u00e9\u20AC\uD83D\uDE00""#, .all)
                == [.document("\"\\/\u{8}\u{c}\n\r\tA\u{e9}\u{20ac}\u{1F600}")])
    }

    @Test(arguments: [
        #""\ud83dx""#, #""\ud83d\u0041""#, #""\ud83d\n""#, #""\ud83d\ud83d\ude00""#, #""\ude00""#, #""\ud83d""#,
    ])
    func halfAPairOfCodeUnitsIsReplaced(text: String) throws {
        guard case .document(.string(let result)) = try read(text, .all).first else {
            Issue.record("no string")
            return
        }
        #expect(result.first == "\u{FFFD}")
    }

    @Test func bytesThatAreNotUTF8AreReplaced() throws {
        var reader = JSONReader(.all)
        var outputs: [JSONReader.Output] = []
        try reader.read([0x22, 0xFF, 0x22].span) { outputs.append($0) }
        #expect(outputs == [.document("\u{FFFD}")])
    }

    @Test func theLastOfTwoMembersCounts() throws {
        #expect(try read(#"{"a":1,"a":2}"#, .all) == [.document(["a": 2])])
    }

    @Test(arguments: [
        ("[1,]", UInt8(ascii: "]"), 3), ("{,", UInt8(ascii: ","), 1), ("[}", UInt8(ascii: "}"), 1),
        ("{\"a\" 1", UInt8(ascii: "1"), 5), ("{\"a\":1]", UInt8(ascii: "]"), 6), ("nul1", UInt8(ascii: "1"), 3),
        ("\"a\nb\"", 0x0A, 2), ("\"\\x", UInt8(ascii: "x"), 2), ("\"\\u00g", UInt8(ascii: "g"), 5),
        ("<html>", UInt8(ascii: "<"), 0), ("{\"a\":1,}", UInt8(ascii: "}"), 7), ("]", UInt8(ascii: "]"), 0),
    ])
    func whatIsNotJSONIsRefusedWithItsPlace(text: String, byte: UInt8, place: Int) {
        #expect(throws: JSONError.unexpected(byte, at: place)) { try read(text, .all) }
        #expect(throws: JSONError.unexpected(byte, at: place)) { try read(text, .all, size: 1) }
    }

    @Test func anErrorIsFinal() {
        var reader = JSONReader(.all)
        #expect(throws: JSONError.unexpected(UInt8(ascii: "}"), at: 0)) {
            try reader.read(Array("}".utf8).span) { _ in }
        }
        #expect(throws: JSONError.unexpected(UInt8(ascii: "}"), at: 0)) {
            try reader.read(Array("{}".utf8).span) { _ in }
        }
    }

    @Test func nestingIsBounded() throws {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try read(deep, .all).count == 1)
        #expect(throws: JSONError.tooDeep) { try read("[\(deep)]", .members([:])) }
    }

    @Test func whatIsKeptIsBounded() throws {
        let long = String(repeating: "x", count: JSONReader.mostKept)
        #expect(throws: JSONError.tooLarge) { try read("\"\(long)\"", .all) }
        let many = "[" + String(repeating: "0,", count: JSONReader.mostKept / 32) + "0]"
        #expect(throws: JSONError.tooLarge) { try read(many, .each(.all)) }
        // What is skipped or handed over may go on for ever.
        #expect(try read("{\"a\":\"\(long)\",\"b\":\(many),\"c\":1}", .members(["c": .all])) == [.document(["c": 1])])
        #expect(try read(many, .handedOver(.all)).count == JSONReader.mostKept / 32 + 2)
    }

    @Test func aCutDocumentIsSeen() throws {
        var reader = JSONReader(.all)
        #expect(reader.isBetweenDocuments)
        try reader.read(Array("{\"a\":".utf8).span) { _ in }
        #expect(!reader.isBetweenDocuments)
        try reader.read(Array("1}\n".utf8).span) { _ in }
        #expect(reader.isBetweenDocuments)
    }

    private func read(_ text: String, _ selection: JSONSelection, size: Int = .max) throws -> [JSONReader.Output] {
        var reader = JSONReader(selection)
        var outputs: [JSONReader.Output] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(size))
            rest = rest.dropFirst(size)
            try reader.read(piece.span) { outputs.append($0) }
        }
        return outputs
    }
}
