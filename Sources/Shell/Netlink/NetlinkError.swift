internal import Glibc
package import IPTypes

/// Why something asked of the kernel's network configuration did not happen.
package enum NetlinkError: Error, Sendable, Equatable {
    /// The kernel answered with an error number and, where it gives one, a text (NETLINK_EXT_ACK).
    case refused(operation: String, code: CInt, kernelText: String?)
    /// A system call on the netlink socket failed with this error number.
    case systemCall(operation: String, code: CInt)
    /// The kernel did not answer in time; whether the request was carried out is unknown.
    case noAnswer(operation: String)
    /// The answer does not follow the netlink format.
    case malformedAnswer(operation: String)
    /// The table changed during every attempt to read it.
    case unsettled(operation: String)
    /// The interface does not exist; `existing` do, by index.
    case noSuchInterface(name: String, existing: [String])
    /// A VIP is a single address: /32 or /128.
    case notHostPrefix(IPPrefix)

    /// The error number, where there is one.
    package var code: CInt? {
        switch self {
        case .refused(_, let code, _), .systemCall(_, let code): code
        case .noAnswer, .malformedAnswer, .unsettled, .noSuchInterface, .notHostPrefix: nil
        }
    }

    /// True if the same request may succeed in the next moment.
    var isTransient: Bool {
        switch self {
        case .refused(_, let code, _): [ENOBUFS, ENOMEM, EINTR, EBUSY].contains(code)
        // EAGAIN is of sending: an answer that does not come is `noAnswer`. The kernel works inside send(), so nothing was
        // waited for.
        case .systemCall(_, let code): [ENOBUFS, ENOMEM, EINTR, EBUSY, EAGAIN].contains(code)
        case .unsettled: true
        // It has cost its two seconds already.
        case .noAnswer: false
        case .malformedAnswer, .noSuchInterface, .notHostPrefix: false
        }
    }
}

/// Does `body` up to five times: a dump that a change cut through, and what the kernel was short of memory for, may succeed in
/// the next moment.
func repeatingWhileTransient<Value>(_ body: () throws(NetlinkError) -> Value) throws(NetlinkError) -> Value {
    for _ in 1..<5 {
        do throws(NetlinkError) {
            return try body()
        } catch {
            guard error.isTransient else { throw error }
        }
    }
    return try body()
}

extension NetlinkError: CustomStringConvertible {
    /// What failed, why, and what to do: `adding 192.0.2.1/32 to lo: Operation not permitted; …`.
    package var description: String {
        switch self {
        case .refused(let operation, let code, let kernelText):
            let reason = kernelText.map { "\(errorText(code)) (kernel: \(printable($0)))" } ?? errorText(code)
            return sentence(operation, reason, remedy(for: code))
        case .systemCall(let operation, let code):
            return sentence(operation, errorText(code), remedy(for: code))
        case .noAnswer(let operation):
            return sentence(operation, "the kernel did not answer in time", nil)
        case .malformedAnswer(let operation):
            return sentence(operation, "the kernel's answer cannot be understood", nil)
        case .unsettled(let operation):
            return sentence(operation, "the kernel's table changed during every attempt to read it", "try again")
        case .noSuchInterface(let name, let existing):
            return existing.isEmpty
                ? "there is no interface \(name)"
                : "there is no interface \(name); there are \(existing.map(printable).joined(separator: ", "))"
        case .notHostPrefix(let prefix):
            return "\(prefix) is not a single address; a VIP is a /32 or a /128"
        }
    }
}

/// A foreign text on one line: whoever may make interfaces may put any character into their names.
private func printable(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isPrintable ? $0 : " " }))
}

private func sentence(_ operation: String, _ reason: String, _ remedy: String?) -> String {
    "\(operation): \(reason)" + (remedy.map { "; \($0)" } ?? "")
}

private func errorText(_ code: CInt) -> String {
    String(cString: strerror(code))
}

/// What an operator can do about an error number.
private func remedy(for code: CInt) -> String? {
    switch code {
    case EPERM:
        "the process needs CAP_NET_ADMIN (pod: securityContext.capabilities.add [NET_ADMIN]; "
            + "systemd: AmbientCapabilities=CAP_NET_ADMIN)"
    case EACCES: "is IPv6 disabled there? See sysctl net.ipv6.conf.*.disable_ipv6"
    case EAFNOSUPPORT, EOPNOTSUPP: "the kernel lacks this address family or request"
    case ENODEV: "the interface is gone"
    case EMFILE, ENFILE: "the limit of open files is reached (ulimit -n, LimitNOFILE=)"
    case ENOBUFS, ENOMEM: "the kernel is short of memory for it"
    default: nil
    }
}
