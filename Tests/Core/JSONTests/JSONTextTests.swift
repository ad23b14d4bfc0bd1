import JSON
import Testing

struct JSONTextTests {
    @Test func aValueIsWrittenOnOneLineInOneOrder() {
        let value: JSONValue = ["b": [1, true, false, .null, .number("2.50")], "a": ["c": "x"], "": [:], "d": []]
        #expect(
            String(decoding: value.utf8, as: UTF8.self)
                == #"{"":{},"a":{"c":"x"},"b":[1,true,false,null,2.50],"d":[]}"#)
    }

    @Test func textIsEscaped() {
        let value: JSONValue = "a\"b\\c\n\u{1}\u{1f}é😀/"
        #expect(String(decoding: value.utf8, as: UTF8.self) == #""a\"b\\c\u000a\u0001\u001fé😀/""#)
    }

    @Test func aValueOfAnotherKindHasNone() {
        #expect(JSONValue.string("1").integer == nil)
        #expect(JSONValue.number("1.5").integer == nil)
        #expect(JSONValue.number("99999999999999999999").integer == nil)
        #expect(JSONValue.number("-7").integer == -7)
        #expect(JSONValue.null.text == nil)
        #expect(JSONValue.array([1])["a"] == nil)
        #expect(JSONValue.string("x").elements == [])
        #expect(JSONValue.bool(true).flag == true)
        #expect(JSONValue.number("1").flag == nil)
        #expect(JSONValue.array([1]).members == [:])
    }
}
