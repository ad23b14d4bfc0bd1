internal import CLinuxShim
internal import Glibc

/// Requests and their answers, matched by sequence number. Not thread-safe, one request at a time.
final class NetlinkExchange {
    private let socket: any NetlinkSocket
    private var sequence: UInt32 = 0

    /// Answers to earlier requests that timed out are skipped, but not without end.
    private static let mostStrayMessages = 1_000

    init(socket: any NetlinkSocket) {
        self.socket = socket
    }

    /// An exchange with the kernel's routing, in the network namespace of the calling thread.
    convenience init() throws(NetlinkError) {
        self.init(socket: try KernelNetlinkSocket())
    }

    /// An exchange about the sockets in the network namespace of the calling thread (NETLINK_SOCK_DIAG).
    static func aboutSockets() throws(NetlinkError) -> NetlinkExchange {
        NetlinkExchange(socket: try KernelNetlinkSocket(NETLINK_SOCK_DIAG))
    }

    /// Sends a request that carries NLM_F_ACK and waits until the kernel has carried it out. If its answer was lost, the
    /// request is made again, so that the error may be that it was carried out already.
    func perform(_ request: NetlinkRequest, operation: String) throws(NetlinkError) {
        try repeatingWhileTransient { () throws(NetlinkError) in try performOnce(request, operation: operation) }
    }

    private func performOnce(_ request: NetlinkRequest, operation: String) throws(NetlinkError) {
        try send(request, operation: operation)
        try receive(operation: operation) { message throws(NetlinkError) in
            guard message.type == .error else { return false }
            try check(message, operation: operation)
            return true
        }
    }

    /// Asks for one thing: what `parse` makes of the kernel's answer.
    func ask<Value>(
        _ request: NetlinkRequest, operation: String, parse: (NetlinkMessage) throws(MalformedMessage) -> Value?
    ) throws(NetlinkError) -> Value? {
        try repeatingWhileTransient { () throws(NetlinkError) in
            var value: Value?
            try send(request, operation: operation)
            try receive(operation: operation) { message throws(NetlinkError) in
                if message.type == .error { try check(message, operation: operation) }
                do throws(MalformedMessage) {
                    value = try parse(message)
                } catch {
                    throw .malformedAnswer(operation: operation)
                }
                return true
            }
            return value
        }
    }

    /// Reads a whole table: what `parse` makes of every message, nil skipped. A dump during which the table changed is
    /// read again.
    func dump<Value>(
        _ request: NetlinkRequest, operation: String, parse: (NetlinkMessage) throws(MalformedMessage) -> Value?
    ) throws(NetlinkError) -> [Value] {
        try repeatingWhileTransient { () throws(NetlinkError) in
            var values: [Value] = []
            var isConsistent = true
            try send(request, operation: operation)
            try receive(operation: operation) { message throws(NetlinkError) in
                if message.has(NLM_F_DUMP_INTR) { isConsistent = false }
                switch message.type {
                case .error, .done:
                    try check(message, operation: operation)
                    return true
                case .overrun:
                    throw .malformedAnswer(operation: operation)
                default:
                    do throws(MalformedMessage) {
                        if let value = try parse(message) { values.append(value) }
                    } catch {
                        throw .malformedAnswer(operation: operation)
                    }
                    return false
                }
            }
            guard isConsistent else { throw .unsettled(operation: operation) }
            return values
        }
    }

    private func send(_ request: NetlinkRequest, operation: String) throws(NetlinkError) {
        sequence &+= 1
        do throws(SystemCallFailure) {
            try socket.send(request.encoded(sequence: sequence))
        } catch {
            throw .systemCall(operation: operation, code: error.code)
        }
    }

    /// Hands every message that answers the last request to `isLast` until that says so.
    private func receive(
        operation: String, until isLast: (NetlinkMessage) throws(NetlinkError) -> Bool
    ) throws(NetlinkError) {
        var strays = 0
        while true {
            for message in try nextMessages(operation: operation) {
                if message.sequence == sequence {
                    if try isLast(message) { return }
                } else {
                    strays += 1
                    guard strays <= Self.mostStrayMessages else { throw .noAnswer(operation: operation) }
                }
            }
        }
    }

    private func nextMessages(operation: String) throws(NetlinkError) -> [NetlinkMessage] {
        let datagram: [UInt8]
        do throws(SystemCallFailure) {
            datagram = try socket.receive()
        } catch {
            guard error.code == EAGAIN || error.code == EWOULDBLOCK else {
                throw .systemCall(operation: operation, code: error.code)
            }
            throw .noAnswer(operation: operation)
        }
        do throws(MalformedMessage) {
            let messages = try NetlinkMessage.parse(datagram)
            // An empty datagram would let a broken kernel keep us here for ever.
            guard !messages.isEmpty else { throw MalformedMessage() }
            return messages
        } catch {
            throw .malformedAnswer(operation: operation)
        }
    }

    /// Throws what NLMSG_ERROR or NLMSG_DONE says went wrong; returns if nothing did.
    private func check(_ message: NetlinkMessage, operation: String) throws(NetlinkError) {
        let verdict: KernelVerdict
        do throws(MalformedMessage) {
            verdict = try KernelVerdict(parsing: message)
        } catch {
            throw .malformedAnswer(operation: operation)
        }
        if verdict.code != 0 {
            throw .refused(operation: operation, code: verdict.code, kernelText: verdict.text)
        }
    }
}

/// The end of an answer: an error number, 0 for success, and the kernel's words if it has any.
struct KernelVerdict: Equatable {
    var code: CInt
    var text: String?

    /// Reads NLMSG_ERROR (struct nlmsgerr: error, header of the request, the request unless capped, attributes) or
    /// NLMSG_DONE (error, attributes; empty on old kernels).
    init(parsing message: NetlinkMessage) throws(MalformedMessage) {
        if message.type == .done && message.payload.isEmpty {
            code = 0
            return
        }
        let negated = try message.payload.load(CInt.self)
        guard negated <= 0, negated > CInt.min else { throw MalformedMessage() }
        code = -negated
        guard message.has(NLM_F_ACK_TLVS) else { return }

        var rest = message.payload.dropFirst(MemoryLayout<CInt>.size)
        if message.type == .error {
            let request = try rest.load(nlmsghdr.self)
            let isCapped = message.has(NLM_F_CAPPED)
            rest = rest.dropFirst(
                isCapped ? MemoryLayout<nlmsghdr>.size : alignedToFour(Int(request.nlmsg_len)))
        }
        let attributes = try AttributeList(parsing: rest)
        text = try attributes.text(Int(NLMSGERR_ATTR_MSG.rawValue))
    }
}
