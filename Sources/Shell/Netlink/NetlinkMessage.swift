internal import CLinuxShim

/// Bytes from the kernel that do not follow the format. Callers say which request they answered.
struct MalformedMessage: Error, Equatable {}

/// One message of a datagram: struct nlmsghdr and what follows it.
struct NetlinkMessage: Equatable {
    var type: MessageType
    var flags: UInt16
    var sequence: UInt32
    var payload: ArraySlice<UInt8>

    func has(_ flag: CInt) -> Bool { CInt(flags) & flag != 0 }

    /// The messages of one datagram, in order.
    static func parse(_ datagram: [UInt8]) throws(MalformedMessage) -> [NetlinkMessage] {
        var messages: [NetlinkMessage] = []
        var rest = datagram[...]
        while !rest.isEmpty {
            let header = try rest.load(nlmsghdr.self)
            let length = Int(header.nlmsg_len)
            guard length >= MemoryLayout<nlmsghdr>.size, length <= rest.count else { throw MalformedMessage() }
            messages.append(
                NetlinkMessage(
                    type: MessageType(rawValue: header.nlmsg_type), flags: header.nlmsg_flags,
                    sequence: header.nlmsg_seq, payload: rest.prefix(length).dropFirst(MemoryLayout<nlmsghdr>.size)))
            rest = rest.dropFirst(alignedToFour(length))
        }
        return messages
    }

    /// The fixed structure at the start of the payload, and the attributes behind it.
    func body<Header: BitwiseCopyable>(_: Header.Type) throws(MalformedMessage) -> (Header, AttributeList) {
        let header = try payload.load(Header.self)
        return (header, try AttributeList(parsing: payload.dropFirst(alignedToFour(MemoryLayout<Header>.size))))
    }
}

/// What a message is: the RTM_*, NLMSG_* and SOCK_* numbers of the kernel.
struct MessageType: RawRepresentable, Hashable {
    var rawValue: UInt16

    static let error = Self(rawValue: UInt16(NLMSG_ERROR))
    static let done = Self(rawValue: UInt16(NLMSG_DONE))
    static let overrun = Self(rawValue: UInt16(NLMSG_OVERRUN))

    static let newAddress = Self(rawValue: UInt16(RTM_NEWADDR))
    static let deleteAddress = Self(rawValue: UInt16(RTM_DELADDR))
    static let getAddresses = Self(rawValue: UInt16(RTM_GETADDR))
    static let newLink = Self(rawValue: UInt16(RTM_NEWLINK))
    static let deleteLink = Self(rawValue: UInt16(RTM_DELLINK))
    static let getLinks = Self(rawValue: UInt16(RTM_GETLINK))
    static let newRoute = Self(rawValue: UInt16(RTM_NEWROUTE))
    static let deleteRoute = Self(rawValue: UInt16(RTM_DELROUTE))
    static let getRoutes = Self(rawValue: UInt16(RTM_GETROUTE))
    static let newRule = Self(rawValue: UInt16(RTM_NEWRULE))
    static let deleteRule = Self(rawValue: UInt16(RTM_DELRULE))
    static let getRules = Self(rawValue: UInt16(RTM_GETRULE))
    static let destroySocket = Self(rawValue: UInt16(SOCK_DESTROY))
    static let newNeighbour = Self(rawValue: UInt16(RTM_NEWNEIGH))
    static let getNeighbours = Self(rawValue: UInt16(RTM_GETNEIGH))

    static let socketsByFamily = Self(rawValue: UInt16(SOCK_DIAG_BY_FAMILY))
    static let tcpSockets = Self(rawValue: UInt16(TCPDIAG_GETSOCK))
}

/// A message to the kernel: header, one fixed structure, attributes.
struct NetlinkRequest {
    var type: MessageType
    private let flags: UInt16
    private var body: [UInt8] = []

    /// A request with NLM_F_REQUEST and these flags.
    init<Header: BitwiseCopyable>(_ type: MessageType, flags: CInt, header: Header) {
        self.type = type
        self.flags = UInt16(truncatingIfNeeded: NLM_F_REQUEST | flags)
        append(copyOf: header)
    }

    /// A request for the whole of a table.
    init<Header: BitwiseCopyable>(dump type: MessageType, header: Header) {
        self.init(type, flags: NLM_F_DUMP, header: header)
    }

    mutating func append<Value: BitwiseCopyable>(_ attribute: Int, _ value: Value) {
        append(attribute, bytes: withUnsafeBytes(of: value) { [UInt8]($0) })
    }

    mutating func append(_ attribute: Int, bytes: [UInt8]) {
        append(
            copyOf: rtattr(
                rta_len: UInt16(truncatingIfNeeded: MemoryLayout<rtattr>.size + bytes.count),
                rta_type: UInt16(truncatingIfNeeded: attribute)))
        body.append(contentsOf: bytes)
        pad()
    }

    /// The bytes of the request, under this sequence number.
    func encoded(sequence: UInt32) -> [UInt8] {
        let length = MemoryLayout<nlmsghdr>.size + body.count
        let header = nlmsghdr(
            nlmsg_len: UInt32(truncatingIfNeeded: length), nlmsg_type: type.rawValue, nlmsg_flags: flags,
            nlmsg_seq: sequence, nlmsg_pid: 0)
        return withUnsafeBytes(of: header) { [UInt8]($0) } + body
    }

    private mutating func append<Value: BitwiseCopyable>(copyOf value: Value) {
        withUnsafeBytes(of: value) { body.append(contentsOf: $0) }
        pad()
    }

    private mutating func pad() {
        body.append(contentsOf: repeatElement(0, count: alignedToFour(body.count) - body.count))
    }
}
