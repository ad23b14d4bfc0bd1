import Glibc

/// Why a socket for BFD cannot be opened or used, in words for the operator.
package struct BFDSocketFailure: Error, Sendable, Hashable {
    /// What the socket was for: "cannot receive BFD on port 3784".
    package var purpose: String
    /// The call or option that failed.
    package var operation: String
    /// What the system said.
    package var errno: CInt

    init(_ purpose: String, _ operation: String, errno: CInt) {
        self.purpose = purpose
        self.operation = operation
        self.errno = errno
    }
}

extension BFDSocketFailure: CustomStringConvertible {
    package var description: String {
        "\(purpose): \(reason)"
    }

    private var reason: String {
        switch (operation, errno) {
        case ("bind", EADDRINUSE): "another BFD daemon on this node uses the port; only one of them can run"
        case ("source port", EADDRINUSE): "all source ports are taken"
        case (_, EADDRNOTAVAIL): "this node has no such address"
        case (_, ENODEV): "this node has no such interface"
        case (_, ENETUNREACH), (_, EHOSTUNREACH): "no route to it"
        default: "\(operation): \(String(cString: strerror(errno)))"
        }
    }
}
