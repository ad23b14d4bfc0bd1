/// What the kernel answers to a question about one TCP socket: `struct nlmsghdr`, then `struct inet_diag_msg`.
struct SocketAnswer: Equatable {
    /// TCP_ESTABLISHED, TCP_LISTEN and so on.
    var state: UInt8
    /// Octets that wait to be read; of a listening socket, connections that wait to be accepted.
    var readQueue: UInt32
    /// The number of the file that a process has open; 0 if no process has it, or not yet.
    var inode: UInt32

    /// The length of `struct nlmsghdr`.
    static let headerLength = 16
    /// SOCK_DIAG_BY_FAMILY of linux/sock_diag.h.
    static let byFamily: UInt16 = 20
    /// TCP_ESTABLISHED and TCP_LISTEN.
    static let establishedState: UInt8 = 1
    static let listenState: UInt8 = 10

    /// Nil for the error that there is no such socket, and for what is cut.
    init?(parsing answer: ArraySlice<UInt8>) {
        guard answer.count >= Self.headerLength + 72 else { return nil }
        func number<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Number {
            answer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
        }
        guard number(at: 4) == Self.byFamily else { return nil }
        state = number(at: Self.headerLength + 1)
        readQueue = number(at: Self.headerLength + 56)
        inode = number(at: Self.headerLength + 68)
    }
}
