import BFD

/// What libFuzzer calls: a script of what happens to one session, datagrams of any octets among it.
///
/// Of each octet the low five bits count, so that a script can be written as letters and any octet means something. The
/// first octet is the configuration (`BFDConfiguration.init(fuzzed:)`), the others are steps (`Script.step`).
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var script = Script(UnsafeBufferPointer(start: start, count: count))
    while script.step() {}
    return 0
}
