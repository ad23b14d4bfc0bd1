import IPTypes
import Testing

struct DecimalDigitsTests {
    @Test func numbersUpToTheLargestAreRead() {
        #expect(UInt64(decimalDigits: "18446744073709551615") == .max)
        #expect(UInt64(decimalDigits: "18446744073709551616") == nil)
        #expect(Int8(decimalDigits: "127") == 127)
        #expect(Int8(decimalDigits: "128") == nil)
        #expect(UInt8(decimalDigits: "0") == 0)
    }

    @Test(arguments: ["", "+1", "-1", " 1", "1 ", "01", "00", "1a", "٣", "1.0"])
    func whatIsNotOnlyDigitsIsRefused(_ text: String) {
        #expect(Int(decimalDigits: text) == nil)
        #expect(Int(decimalDigits: Substring("7" + text).dropFirst()) == nil)
    }
}
