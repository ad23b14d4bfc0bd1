import CLinuxShim
import Glibc
import IPTypes

@testable import Netlink

/// A kernel that says what it is told to, datagram by datagram, and remembers what it was asked. With nothing left to
/// say it lets the caller run into the time limit.
final class RecordedSocket: NetlinkSocket {
    private(set) var requests: [[UInt8]] = []
    private var answers: [[UInt8]]
    var sendFailure: SystemCallFailure?
    var receiveFailure = SystemCallFailure(code: EAGAIN)

    init(_ answers: [[UInt8]] = []) {
        self.answers = answers
    }

    func answer(_ more: [UInt8]...) {
        answers += more
    }

    func send(_ datagram: [UInt8]) throws(SystemCallFailure) {
        requests.append(datagram)
        if let sendFailure { throw sendFailure }
    }

    func receive() throws(SystemCallFailure) -> [UInt8] {
        guard !answers.isEmpty else { throw receiveFailure }
        return answers.removeFirst()
    }
}

/// Bytes from annotated hexadecimal: everything behind `#` is a comment. All recordings are little-endian.
func hex(_ text: String) -> [UInt8] {
    text.split(separator: "\n").flatMap { line in
        line.prefix { $0 != "#" }.split(separator: " ").compactMap { UInt8($0, radix: 16) }
    }
}

/// The kernel's NLMSG_ERROR for a request: 0 is the acknowledgement.
func acknowledgement(_ sequence: UInt32, error: CInt = 0) -> [UInt8] {
    NetlinkRequest(.error, flags: NLM_F_CAPPED, header: nlmsgerr(error: -error, msg: nlmsghdr())).encoded(
        sequence: sequence)
}

/// The kernel's NLMSG_DONE after a dump.
func done(_ sequence: UInt32, error: CInt = 0) -> [UInt8] {
    NetlinkRequest(.done, flags: NLM_F_MULTI, header: -error).encoded(sequence: sequence)
}

/// RTM_NEWLINK as in a dump, with the attribute that matters.
func link(
    _ sequence: UInt32, index: CInt, name: String, flags: Int = IFF_UP | IFF_RUNNING,
    type: MessageType = .newLink, family: UInt8 = 0
) -> [UInt8] {
    var header = ifinfomsg()
    header.ifi_family = family
    header.ifi_index = index
    header.ifi_flags = UInt32(flags)
    var message = NetlinkRequest(type, flags: NLM_F_MULTI, header: header)
    message.append(Int(IFLA_IFNAME), bytes: Array(name.utf8) + [0])
    return message.encoded(sequence: sequence)
}

/// RTM_NEWADDR as in a dump.
func address(
    _ sequence: UInt32, _ text: String, on interface: UInt32 = 1, scope: AddressScope = .host, flags: UInt32 = 0xA0,
    tag: UInt8? = nil, label: String? = nil, type: MessageType = .newAddress
) throws -> [UInt8] {
    let parts = text.split(separator: "/")
    let bytes = IPAddress(parts[0])?.bytes ?? []
    var header = ifaddrmsg()
    header.ifa_family = UInt8(bytes.count == 4 ? AF_INET : AF_INET6)
    header.ifa_prefixlen = UInt8(parts[1]) ?? 0
    header.ifa_scope = scope.rawValue
    header.ifa_index = interface
    var message = NetlinkRequest(type, flags: NLM_F_MULTI, header: header)
    message.append(IFA_ADDRESS, bytes: bytes)
    if let label { message.append(IFA_LABEL, bytes: Array(label.utf8) + [0]) }
    if let tag { message.append(IFA_PROTO, tag) }
    message.append(IFA_FLAGS, flags)
    return message.encoded(sequence: sequence)
}

extension IPPrefix {
    /// A prefix known to be well formed.
    static func of(_ text: String) -> IPPrefix {
        guard let prefix = IPPrefix(parsing: text) else { preconditionFailure("not a prefix: \(text)") }
        return prefix
    }
}

extension IPAddress {
    /// An address known to be well formed.
    static func of(_ text: String) -> IPAddress {
        guard let address = IPAddress(text) else { preconditionFailure("not an address: \(text)") }
        return address
    }
}

/// VIPs on `lo`, index 1, of a recorded kernel; sequence number 1 is used up by finding the interface.
func recordedLoopback(
    kernelKeepsTags: Bool = true, _ answers: [UInt8]...
) throws -> (addresses: InterfaceAddresses, socket: RecordedSocket) {
    let socket = RecordedSocket([link(1, index: 1, name: "lo"), done(1)] + answers)
    let addresses = try InterfaceAddresses(
        interface: "lo", exchange: NetlinkExchange(socket: socket), kernelKeepsTags: kernelKeepsTags)
    return (addresses, socket)
}
