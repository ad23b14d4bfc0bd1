import BGPFSM
import Glibc
import NIOCore

extension TransportFailure {
    /// What a system call's error means, whatever the state of the connection.
    init(errno code: CInt, operation: String) {
        self =
            switch code {
            case ECONNREFUSED: .refused
            case EHOSTUNREACH, EHOSTDOWN: .hostUnreachable
            // ICMP: protocol unreachable, host isolated, source route failed, parameter problem.
            case ENOPROTOOPT where operation == "connect", ENONET where operation == "connect",
                EOPNOTSUPP where operation == "connect", EPROTO where operation == "connect":
                .rejectedOnTheWay
            case ENETUNREACH, ENETDOWN: .networkUnreachable
            // Of an option it is a capability that this process lacks.
            case EACCES where operation == "connect", EPERM where operation == "connect": .prohibited
            case EADDRNOTAVAIL, ENODEV: .sourceUnavailable
            case ECONNRESET, EPIPE: .reset
            default: .system(errno: code, operation: operation)
            }
    }

    /// Why a connection could not be opened. `md5` tells whether our SYN was signed.
    init(dialling error: any Error, md5: Bool) {
        switch error {
        case let failure as TransportFailure: self = failure
        case ChannelError.connectTimeout: self = .timedOut(md5: md5, onLink: nil)
        case let error as IOError where error.errnoCode == ETIMEDOUT: self = .timedOut(md5: md5, onLink: nil)
        case let error as IOError: self.init(errno: error.errnoCode, operation: "connect")
        // What NIO itself says means nothing to an operator.
        default: self = .system(errno: EIO, operation: "connect")
        }
    }

    /// Why an open connection ended.
    init(open error: any Error) {
        switch error {
        case let failure as TransportFailure: self = failure
        case let error as IOError where error.errnoCode == ETIMEDOUT: self = .unacknowledged
        case let error as IOError: self.init(errno: error.errnoCode, operation: "read or write")
        case is ChannelError: self = .closedByPeer
        default: self = .system(errno: EIO, operation: "read or write")
        }
    }
}
