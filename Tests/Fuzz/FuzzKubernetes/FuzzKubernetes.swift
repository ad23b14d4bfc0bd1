import Fuzzing

/// What libFuzzer calls: all that an API server can answer to the five conversations of a node with it.
///
/// A script of lines. The first octet of a line says which conversation (`0` Services, `1` EndpointSlices, `2` the Node, `3`
/// Leases, `4` what we write), the second one what happens, and the rest is its argument: see `Bench.step`.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var bench = Bench()
    for line in UnsafeBufferPointer(start: start, count: count).split(separator: UInt8(ascii: "\n")) {
        bench.step(line)
    }
    return 0
}
