import Fuzzing

/// What libFuzzer calls: what the kernel answers to a question, or announces.
///
/// The first octet is the question (`Question`); with its highest bit the answers keep their sequence numbers, without it
/// they get the one of the request. Datagrams follow, each with its length in two octets, the low one first.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var rest = [UInt8](UnsafeBufferPointer(start: start, count: count))[...]
    guard let kind = rest.popFirst() else { return 0 }
    var datagrams: [[UInt8]] = []
    while let low = rest.popFirst(), let high = rest.popFirst() {
        let datagram = rest.prefix(Int(low) | Int(high) << 8)
        rest = rest.dropFirst(datagram.count)
        datagrams.append(Array(datagram))
    }
    for datagram in datagrams {
        checkFraming(datagram)
        checkAnnouncement(datagram)
        checkOneSocket(datagram)
    }
    Question(kind & 0x7F).ask(Kernel(datagrams, keepsSequence: kind & 0x80 != 0))
    return 0
}
