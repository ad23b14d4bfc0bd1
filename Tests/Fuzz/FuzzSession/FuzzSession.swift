import BGPFSM

/// What libFuzzer calls: a script of what happens to one session.
///
/// Of each octet the low five bits count, so that a script can be written as letters and any octet means something. The
/// first octet is the configuration (`SessionConfiguration.init(fuzzed:)`), the others are steps (`Script.step`); the
/// next bit tells the direction: a small letter is the connection that we dialled, a capital the peer's.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var script = Script(UnsafeBufferPointer(start: start, count: count))
    while script.step() {}
    return 0
}
