import NIOCore
import NIOHTTP1
import Testing

@testable import HealthProbes

@Suite("Errors of libraries")
struct WordsTests {
    private struct Odd: Error {}

    @Test("Nothing of a library's insides is in the words for them")
    func words() {
        #expect(HealthProbes.words(for: Odd()) == "the connection failed")
        #expect(HealthProbes.words(for: ChannelError.inputClosed) == "the connection failed")
        #expect(
            HealthProbes.words(for: ChannelError.connectTimeout(.seconds(2))) == "no answer to the connection attempt")
        #expect(HealthProbes.words(for: HTTPParserError.unknown) == "the answer is not valid HTTP/1.1")
        #expect(
            HealthProbes.words(for: HTTPParserError.headerOverflow) == "the header of the answer is too long")
        #expect(
            HealthProbes.words(for: HTTPParserError.invalidChunkSize)
                == "the answer is not valid HTTP/1.1: invalid character in chunk size header")
    }
}
