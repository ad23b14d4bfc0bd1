/// A stretch of a frame that is still to be read, as positions only.
///
/// Every read takes the frame the positions belong to, moves the start behind what was read, and is nil (moving
/// nothing) when the stretch has not enough left. So there is no index that bytes of the network could carry too far,
/// and a stretch can be kept and passed on like any value, without a lifetime.
struct ByteField: Sendable, Hashable {
    private(set) var position: Int
    let end: Int

    private init(position: Int, end: Int) {
        self.position = position
        self.end = end
    }

    /// The whole frame behind its first `offset` octets.
    init(_ frame: RawSpan, from offset: Int) {
        self.init(position: min(offset, frame.byteCount), end: frame.byteCount)
    }

    /// Octets left.
    var count: Int { end - position }

    /// True if nothing is left.
    var isEmpty: Bool { position >= end }

    /// Cuts the next `count` octets off as a stretch of their own.
    mutating func take(_ count: Int) -> ByteField? {
        guard count >= 0, count <= self.count else { return nil }
        let taken = ByteField(position: position, end: position + count)
        position += count
        return taken
    }

    /// The next octet, left unread.
    func peek(_ frame: RawSpan) -> UInt8? {
        guard position < end, end <= frame.byteCount else { return nil }
        return frame.unsafeLoad(fromByteOffset: position, as: UInt8.self)
    }

    mutating func uint8(_ frame: RawSpan) -> UInt8? {
        guard let octet = peek(frame) else { return nil }
        position += 1
        return octet
    }

    mutating func uint16(_ frame: RawSpan) -> UInt16? { integer(frame) }
    mutating func uint32(_ frame: RawSpan) -> UInt32? { integer(frame) }
    mutating func uint64(_ frame: RawSpan) -> UInt64? { integer(frame) }

    private mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(_ frame: RawSpan) -> Number? {
        let size = MemoryLayout<Number>.size
        guard count >= size, end <= frame.byteCount else { return nil }
        defer { position += size }
        return Number(bigEndian: frame.unsafeLoadUnaligned(fromByteOffset: position, as: Number.self))
    }

    /// All octets that are left, copied.
    func bytes(_ frame: RawSpan) -> [UInt8] {
        guard end <= frame.byteCount else { return [] }
        return frame.extracting(position..<end).withUnsafeBytes { Array($0) }
    }
}
