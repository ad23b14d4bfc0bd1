import BGPWire
import Fuzzing

/// What libFuzzer calls: octets of a peer, read in every way in which this program reads them.
///
/// If the first octet is even, the rest is what a connection receives. If it is odd, the rest is the type and the body of
/// one message, and the header is made here, so that the fuzzer can lengthen and shorten a message without having to put
/// its length right.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
    guard let kind = input.first else { return 0 }
    let rest = Array(input.dropFirst())
    readStream(kind % 2 == 0 ? rest : message(type: rest.first ?? 0, body: rest.dropFirst()))
    return 0
}

/// A message with a sound header, its body cut to what fits.
private func message(type: UInt8, body: ArraySlice<UInt8>) -> [UInt8] {
    let body = body.prefix(MessageCodec.maximumLength - MessageCodec.headerLength)
    let length = MessageCodec.headerLength + body.count
    return Array(repeating: 0xFF, count: 16) + [UInt8(length >> 8), UInt8(length & 0xFF), type] + body
}

/// Cuts the stream of one connection into frames and reads each, up to the first that ends the session.
private func readStream(_ stream: [UInt8]) {
    var codec = MessageCodec()
    _ = codec.encode(.open(.sample(65001, fourOctetAS: true)))
    var rest = stream[...]
    do throws(DecodeError) {
        while let length = try frameLength(rest) {
            require((19...4096).contains(length), "a frame of \(length) octets")
            guard length <= rest.count else { return }
            let frame = Array(rest.prefix(length))
            rest = rest.dropFirst(length)
            trace("octets(\"\(hexadecimal(frame))\")")
            compareReadings(of: frame)
            check(try codec.decode(frame.span.bytes))
        }
    } catch {
        check(error)
    }
}

/// What the header of a stretch of the stream says. The octets behind the header must not matter to it.
private func frameLength(_ stream: ArraySlice<UInt8>) throws(DecodeError) -> Int? {
    let header = Array(stream.prefix(MessageCodec.headerLength))
    let cut = header.dropLast()
    let short = try MessageCodec.frameLength(Array(cut).span.bytes)
    require(short == nil, "a length before the header is all there")
    return try MessageCodec.frameLength(header.span.bytes)
}
