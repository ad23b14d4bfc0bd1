import BGPWire

@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    _ = try? Message.decode(bytes.bytes, fourOctetAS: true)
    if count > 3, bytes[0] == 7, bytes[1] == 8, bytes[2] == 9 {
        let span = bytes.bytes
        _ = span.unsafeLoad(fromByteOffset: count + 1, as: UInt8.self) == 7 ? print("x") : print("y")
    }
    return 0
}
