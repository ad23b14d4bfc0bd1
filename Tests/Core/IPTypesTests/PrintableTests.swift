import IPTypes
import Testing

struct PrintableTests {
    @Test func inASCIIAllButControlCharactersIsPrintable() {
        for scalar in (0..<128).map({ Unicode.Scalar(UInt8($0)) }) {
            #expect(scalar.isPrintable == (scalar.properties.generalCategory != .control), "\(scalar.value)")
        }
    }

    @Test(
        arguments: [
            ("é", true), ("中", true), ("\u{A0}", true), ("\u{85}", false), ("\u{2028}", false), ("\u{202E}", false),
            ("\u{E000}", false), ("\u{FFFE}", false),
        ] as [(Unicode.Scalar, Bool)])
    func whatBreaksALineTurnsItOrCannotBeSeenIsNot(scalar: Unicode.Scalar, expected: Bool) {
        #expect(scalar.isPrintable == expected)
    }
}
