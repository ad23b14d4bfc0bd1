package import BGPFSM
import Glibc
package import IPTypes

/// Why we cannot listen for peers, in words for the operator.
package struct ListenFailure: Error, Sendable, Hashable {
    /// The local address that was asked for.
    package var address: ScopedAddress
    /// The port that was asked for.
    package var port: UInt16
    /// What the system said.
    package var cause: TransportFailure
}

extension ListenFailure {
    /// True if it may pass by itself: the address or the interface may come, and another program may end.
    package var mayPass: Bool {
        switch cause {
        case .sourceUnavailable, .system(errno: EADDRINUSE, _): true
        default: false
        }
    }
}

extension ListenFailure: CustomStringConvertible {
    package var description: String {
        "cannot listen on \(address) port \(port): \(reason)"
    }

    private var reason: String {
        switch cause {
        case .system(errno: EADDRINUSE, _): "another program uses this port"
        case .system(errno: EACCES, _): "ports below 1024 need CAP_NET_BIND_SERVICE"
        case .system(let code, let operation): "\(operation): \(String(cString: strerror(code)))"
        case .sourceUnavailable: "this node has no such address or interface"
        case .md5Unavailable(let code): "the kernel refused a TCP MD5 key: \(String(cString: strerror(code)))"
        default: "\(cause)"
        }
    }
}
