import Glibc

/// Stops the run with a finding unless `condition` holds.
package func require(_ condition: Bool, _ finding: @autoclosure () -> String) {
    if !condition { fatalError(finding()) }
}

/// Text with bytes of a peer in it must not be able to forge log lines or to move a terminal's cursor.
package func requireOneLine(_ text: String) {
    require(!text.isEmpty, "an empty text")
    require(text.unicodeScalars.allSatisfy { !$0.properties.breaksLine }, "more than a line: \(text.debugDescription)")
}

extension Unicode.Scalar.Properties {
    fileprivate var breaksLine: Bool {
        [.control, .format, .lineSeparator, .paragraphSeparator].contains(generalCategory)
    }
}

/// Prints a step of the run, if `BGPVIP_FUZZ_TRACE` is set: what a unit test for a finding is written from.
package func trace(_ step: @autoclosure () -> String) {
    guard isTracing else { return }
    // Without the names of modules it can be read, and nearly be compiled.
    print(step().replacing(/BGPFSM\.|BGPWire\./, with: ""))
    // A trap loses what is buffered.
    fflush(nil)
}

private let isTracing = getenv("BGPVIP_FUZZ_TRACE") != nil

/// Octets in hexadecimal, as the tests of BGPWire write them.
package func hexadecimal(_ octets: some Sequence<UInt8>) -> String {
    octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
