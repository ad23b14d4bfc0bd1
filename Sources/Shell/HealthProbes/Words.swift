import Glibc
import Health
import IPTypes
import NIOCore
import NIOHTTP1
import NIOSSL

/// True for errors that only say that the connection has ended or is ending.
func isEndOfConnection(_ error: any Error) -> Bool {
    switch error {
    case let error as IOError: error.errnoCode == ECONNRESET || error.errnoCode == EPIPE
    case NIOSSLError.uncleanShutdown, NIOSSLError.handshakeFailed(.sslError([.eofDuringHandshake])): true
    case HTTPParserError.invalidEOFState, ChannelError.ioOnClosedChannel, ChannelError.eof: true
    default: false
    }
}

/// An error in words for an operator.
func words(for error: any Error) -> String {
    switch error {
    case let error as CheckUnusable: error.reason
    case let error as IOError: systemWords(error.errnoCode)
    case HTTPParserError.invalidConstant, HTTPParserError.invalidVersion:
        // What the parser says of bytes that do not begin as an answer does, such as a frame of HTTP/2.
        "the service does not speak HTTP/1.1, perhaps only HTTP/2: let it accept HTTP/1.1, or check it by tcp: or exec:"
    case HTTPParserError.unknown, HTTPParserError.invalidInternalState, HTTPParserError.strictModeAssertion,
        HTTPParserError.paused:
        "the answer is not valid HTTP/1.1"
    case HTTPParserError.headerOverflow: "the header of the answer is too long"
    case let error as HTTPParserError: "the answer is not valid HTTP/1.1: \(error.debugDescription)"
    case ChannelError.connectTimeout: "no answer to the connection attempt"
    // What libraries say of themselves does not help the service's operator.
    default: "the connection failed"
    }
}

/// The system's text for an error number.
func systemWords(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
}

extension Duration {
    /// `1000 ms`; with fractions only below 10 ms.
    var inWords: String {
        let microseconds = TimeAmount(self).nanoseconds / 1000
        if microseconds >= 10_000 || microseconds % 1000 == 0 { return "\(microseconds / 1000) ms" }
        return "\(Double(microseconds) / 1000) ms"
    }
}

extension SocketTarget {
    /// `127.0.0.1:6443`, `[::1]:6443`.
    var inWords: String {
        address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }

    func socketAddress() throws(CheckUnusable) -> SocketAddress {
        do {
            return try SocketAddress(packedIPAddress: ByteBuffer(bytes: address.bytes), port: Int(port))
        } catch {
            throw CheckUnusable(reason: "\(inWords) is no address to connect to")
        }
    }
}
