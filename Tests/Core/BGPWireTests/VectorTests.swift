import BGPWire
import Testing

struct VectorTests {
    @Test(arguments: Vector.all)
    func whatOthersSentIsDecodedToItsFields(_ vector: Vector) throws {
        #expect(try decoded(vector.bytes, fourOctetAS: vector.fourOctetAS) == vector.message)
    }

    @Test(arguments: Vector.all)
    func encodingTheFieldsGivesTheVeryOctetsThatOthersSent(_ vector: Vector) {
        #expect(vector.message.encoded(fourOctetAS: vector.fourOctetAS) == vector.bytes)
    }

    @Test func theTableHasAllThatWasCaptured() {
        #expect(Vector.all.count == 55)
        #expect(Set(Vector.all.map(\.name)).count == 55)
    }
}
