import Health
import Testing

@Suite("The token of a file")
struct BearerTokenTests {
    @Test(
        "White space around it does not count",
        arguments: ["abc.DEF-123_~+/=", "abc.DEF-123_~+/=\n", " \tabc.DEF-123_~+/=\r\n\n"])
    func isOneWord(text: String) {
        #expect(bearerToken(in: Array(text.utf8)) == "abc.DEF-123_~+/=")
    }

    @Test(
        "What could not stand in a header is none",
        arguments: ["", "\n", "two words", "first\nsecond", "\u{7F}", "tokén", "abc\u{0}def"])
    func isRefused(text: String) {
        #expect(bearerToken(in: Array(text.utf8)) == nil)
    }
}
