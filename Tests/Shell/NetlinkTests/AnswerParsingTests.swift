import CLinuxShim
import Glibc
import IPTypes
import Testing

@testable import Netlink

/// What comes from the kernel, as recorded on Linux 6.18, and what could come from a broken one.
@Suite struct AnswerParsingTests {
    /// Dump of `lo`: 127.0.0.1/8, a VIP of ours, and the same for IPv6.
    static let addressDump = hex(
        """
        4c 00 00 00  # length 76
        14 00 22 00  # RTM_NEWADDR, MULTI | DUMP_FILTERED
        01 00 00 00 95 1f 00 00  # sequence 1, our port
        02 08 80 fe  # AF_INET, /8, permanent, scope host
        01 00 00 00  # interface 1
        08 00 01 00 7f 00 00 01  # IFA_ADDRESS
        08 00 02 00 7f 00 00 01  # IFA_LOCAL
        07 00 03 00 6c 6f 00 00  # IFA_LABEL "lo"
        08 00 08 00 80 00 00 00  # IFA_FLAGS
        14 00 06 00 ff ff ff ff ff ff ff ff c6 90 02 00 c6 90 02 00  # IFA_CACHEINFO
        5c 00 00 00  # length 92
        14 00 22 00 01 00 00 00 95 1f 00 00
        02 20 a0 fe  # AF_INET, /32, permanent and deprecated, scope host
        01 00 00 00
        08 00 01 00 c0 00 02 09  # IFA_ADDRESS
        08 00 02 00 c0 00 02 09  # IFA_LOCAL
        0e 00 03 00 6c 6f 3a 62 67 70 76 69 70 00 00 00  # IFA_LABEL "lo:bgpvip"
        05 00 0b 00 b3 00 00 00  # IFA_PROTO 179
        08 00 08 00 a0 00 00 00  # IFA_FLAGS
        14 00 06 00 ff ff ff ff ff ff ff ff c6 90 02 00 c6 90 02 00  # IFA_CACHEINFO: "preferred for ever"
        50 00 00 00  # length 80
        14 00 22 00 01 00 00 00 95 1f 00 00
        0a 80 a2 00  # AF_INET6, /128, permanent, deprecated, nodad; scope global: the kernel decides
        01 00 00 00
        14 00 01 00 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 09  # IFA_ADDRESS
        14 00 06 00 00 00 00 00 ff ff ff ff 19 a6 02 00 19 a6 02 00  # IFA_CACHEINFO: preferred never
        08 00 08 00 a2 00 00 00  # IFA_FLAGS
        05 00 0b 00 b3 00 00 00  # IFA_PROTO 179
        50 00 00 00  # length 80
        14 00 22 00 01 00 00 00 95 1f 00 00
        0a 80 80 fe 01 00 00 00
        14 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
        14 00 06 00 ff ff ff ff ff ff ff ff c6 90 02 00 c6 90 02 00
        08 00 08 00 80 00 00 00
        05 00 0b 00 01 00 00 00  # IFA_PROTO: kernel, loopback
        """)

    static let addresses = [
        InterfaceAddress(
            address: .of("127.0.0.1"), prefixLength: 8, interfaceIndex: 1, scope: .host, flags: 0x80, label: "lo"),
        InterfaceAddress(
            address: .of("192.0.2.9"), prefixLength: 32, interfaceIndex: 1, scope: .host, protocolTag: 179,
            preferredLifetime: 0, flags: 0xA0, label: "lo:bgpvip"),
        InterfaceAddress(
            address: .of("2001:db8::9"), prefixLength: 128, interfaceIndex: 1, scope: .global, protocolTag: 179,
            preferredLifetime: 0, flags: 0xA2),
        InterfaceAddress(
            address: .of("::1"), prefixLength: 128, interfaceIndex: 1, scope: .host, protocolTag: 1, flags: 0x80),
    ]

    static func dump(_ datagrams: [UInt8]...) throws(NetlinkError) -> [InterfaceAddress] {
        try NetlinkExchange(socket: RecordedSocket(datagrams)).addresses(operation: "listing")
    }

    @Test func `a dump is read to its end, in one datagram or several`() throws {
        #expect(try Self.dump(Self.addressDump, done(1)) == Self.addresses)
        #expect(try Self.dump(Self.addressDump + done(1)) == Self.addresses)
        #expect(
            try Self.dump(Array(Self.addressDump.prefix(76)), Array(Self.addressDump.dropFirst(76)), done(1))
                == Self.addresses)
    }

    @Test func `a datagram cut anywhere is malformed, cut between messages it waits for the rest`() {
        let boundaries: Set = [76, 168, 248]
        for length in 0..<Self.addressDump.count {
            let expected: NetlinkError =
                boundaries.contains(length)
                ? .noAnswer(operation: "listing") : .malformedAnswer(operation: "listing")
            #expect(throws: expected, "cut to \(length) bytes") {
                try Self.dump(Array(Self.addressDump.prefix(length)))
            }
        }
    }

    @Test func `a message cut anywhere but between attributes is malformed, and what is required may not be missing`() {
        let message = Array(Self.addressDump[76..<168])
        let boundaries: Set = [32, 40, 56, 64, 72]  // behind IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_PROTO, IFA_FLAGS
        // A cut within the padding of IFA_LABEL or IFA_PROTO leaves the attribute whole.
        let insidePadding: Set = [54, 55, 61, 62, 63]
        for length in 16..<message.count {
            var cut = Array(message.prefix(length))
            cut[0] = UInt8(length)
            let result = Result { try Self.dump(cut, done(1)) }
            if boundaries.contains(length) || insidePadding.contains(length) {
                #expect((try? result.get())?.map(\.address) == [.of("192.0.2.9")], "cut to \(length) bytes")
            } else {
                #expect(throws: NetlinkError.malformedAnswer(operation: "listing"), "cut to \(length) bytes") {
                    try result.get()
                }
            }
        }
    }

    @Test func `no byte of an answer can trap`() {
        let datagrams =
            [Self.addressDump, RouteParsingTests.routeDump, RouteParsingTests.neighbourDump, refusalWithText]
        for datagram in datagrams {
            for position in datagram.indices {
                for value: UInt8 in [0, 1, 3, 4, 0x7F, 0x80, 0xFF] {
                    var hostile = datagram
                    hostile[position] = value
                    let exchange = NetlinkExchange(
                        socket: RecordedSocket([hostile, hostile, done(3), hostile, done(4)]))
                    _ = try? exchange.addresses(operation: "")
                    _ = try? exchange.defaultRoutes()
                    _ = try? exchange.links()
                    _ = try? exchange.neighbour(of: ScopedAddress(.of("192.0.2.8")))
                    _ = AddressChange.parse(hostile)
                }
            }
        }
    }

    @Test func `an address whose length or family does not fit it is malformed`() throws {
        for (position, value) in [(16, UInt8(10)), (17, 33)] {
            var hostile = Array(Self.addressDump.prefix(76))
            hostile[position] = value
            #expect(throws: NetlinkError.malformedAnswer(operation: "listing")) { try Self.dump(hostile, done(1)) }
        }
    }

    @Test func `on a point-to-point link IFA_LOCAL is ours, and flag bits do not change what an attribute is`() throws {
        let tunnel = hex(
            """
            28 00 00 00  # length 40
            14 00 02 00 01 00 00 00 95 1f 00 00
            02 20 80 00 05 00 00 00  # AF_INET, /32, permanent, interface 5
            08 00 01 40 c0 00 02 02  # IFA_ADDRESS, marked as in network byte order: the far end
            08 00 02 80 c0 00 02 01  # IFA_LOCAL, marked as nested
            """)
        #expect(try Self.dump(tunnel, done(1)).map(\.address) == [.of("192.0.2.1")])
    }

    @Test func `other families and other messages are passed over`() throws {
        var otherFamily = Array(Self.addressDump.prefix(76))
        otherFamily[16] = 45
        #expect(try Self.dump(otherFamily + link(1, index: 1, name: "lo") + done(1)) == [])
    }

    @Test func `answers to other requests are ignored`() throws {
        #expect(
            try Self.dump(done(0), address(9, "192.0.2.1/32") + done(9), Self.addressDump, done(2), done(1))
                == Self.addresses)
    }

    @Test func `a late answer to a request that timed out does not answer the next`() throws {
        let (addresses, socket) = try recordedLoopback()
        #expect(throws: NetlinkError.noAnswer(operation: "adding 192.0.2.9/32 to lo")) {
            try addresses.bind(.of("192.0.2.9/32"))
        }
        socket.answer(acknowledgement(2, error: EPERM), acknowledgement(3))
        #expect(try addresses.bind(.of("192.0.2.9/32")) == .added)
    }

    @Test func `a kernel that never answers the question is given up`() {
        let stray = (0..<100).flatMap { _ in done(0) }
        #expect(throws: NetlinkError.noAnswer(operation: "listing")) {
            try NetlinkExchange(socket: RecordedSocket(Array(repeating: stray, count: 11) + [done(1)]))
                .addresses(operation: "listing")
        }
    }

    @Test func `a dump that a change cut through is read again, five times at most`() throws {
        var interrupted = try address(1, "192.0.2.1/32")
        interrupted[6] |= UInt8(NLM_F_DUMP_INTR)
        #expect(
            try Self.dump(interrupted, done(1), address(2, "192.0.2.2/32"), done(2)).map(\.address)
                == [.of("192.0.2.2")])

        let endless = (1...5).map { (sequence: UInt32) in
            NetlinkRequest(.done, flags: NLM_F_MULTI | NLM_F_DUMP_INTR, header: CInt(0)).encoded(sequence: sequence)
        }
        #expect(throws: NetlinkError.unsettled(operation: "listing")) {
            try NetlinkExchange(socket: RecordedSocket(endless)).addresses(operation: "listing")
        }
    }

    @Test func `a dump can end in an error`() {
        let expected = NetlinkError.refused(operation: "listing", code: ENODEV, kernelText: nil)
        #expect(throws: expected) { try Self.dump(done(1, error: ENODEV)) }
        #expect(throws: expected) { try Self.dump(acknowledgement(1, error: ENODEV)) }
    }

    @Test func `an empty NLMSG_DONE is a good end`() throws {
        #expect(try Self.dump(hex("10 00 00 00 03 00 02 00 01 00 00 00 00 00 00 00")) == [])
    }

    @Test(arguments: [ENOBUFS, EMSGSIZE, EBADF])
    func `a failing socket is told as it is`(code: CInt) {
        let expected = NetlinkError.systemCall(operation: "listing", code: code)
        let socket = RecordedSocket()
        socket.receiveFailure = SystemCallFailure(code: code)
        #expect(throws: expected) { try NetlinkExchange(socket: socket).addresses(operation: "listing") }
        socket.sendFailure = SystemCallFailure(code: code)
        #expect(throws: expected) { try NetlinkExchange(socket: socket).addresses(operation: "listing") }
    }
}

/// NLMSG_ERROR as recorded: EEXIST with the kernel's words.
private let refusalWithText = hex(
    """
    48 00 00 00  # length 72
    02 00 00 03  # NLMSG_ERROR, CAPPED | ACK_TLVS
    02 00 00 00 95 1f 00 00  # sequence 2, our port
    ef ff ff ff  # -EEXIST
    54 00 00 00 14 00 05 06 02 00 00 00 00 00 00 00  # header of the request
    23 00 01 00  # NLMSGERR_ATTR_MSG
    69 70 76 34 3a 20 41 64 64 72 65 73 73 20 61 6c 72 65 61 64 79 20 61 73 73 69 67 6e 65 64 00 00
    """)

/// The ends of answers.
@Suite struct KernelVerdictTests {
    static func verdict(_ datagram: [UInt8]) throws -> [KernelVerdict] {
        try NetlinkMessage.parse(datagram).map { message throws(MalformedMessage) in try KernelVerdict(parsing: message)
        }
    }

    @Test func `an acknowledgement is error 0`() throws {
        let recorded = hex(
            """
            24 00 00 00 02 00 00 01 02 00 00 00 95 1f 00 00  # NLMSG_ERROR, CAPPED
            00 00 00 00  # no error
            54 00 00 00 14 00 05 06 02 00 00 00 00 00 00 00  # header of the request
            """)
        var verdict = try #require(try Self.verdict(recorded).first)
        #expect(verdict.code == 0)
        #expect(verdict.text == nil)
        verdict = try #require(try Self.verdict(acknowledgement(1, error: EPERM)).first)
        #expect(verdict.code == EPERM)
    }

    @Test func `the kernel's words are found behind the header of the request`() throws {
        let verdict = try #require(try Self.verdict(refusalWithText).first)
        #expect(verdict.code == EEXIST)
        #expect(verdict.text == "ipv4: Address already assigned")
    }

    @Test func `the kernel's words are found behind a whole request`() throws {
        let recorded = hex(
            """
            30 00 00 00 02 00 00 02 02 00 00 00 95 1f 00 00  # NLMSG_ERROR, ACK_TLVS
            ff ff ff ff  # -EPERM
            14 00 00 00 14 00 05 06 02 00 00 00 00 00 00 00 aa bb cc dd  # request of 20 bytes
            07 00 01 00 6e 6f 00 00  # "no"
            """)
        let verdict = try #require(try Self.verdict(recorded).first)
        #expect(verdict.code == EPERM)
        #expect(verdict.text == "no")
    }

    @Test func `a positive error, the smallest number and a missing number are malformed`() {
        for code in ["01 00 00 00", "00 00 00 80"] {
            let datagram = hex("14 00 00 00 03 00 00 00 01 00 00 00 00 00 00 00 " + code)
            #expect(throws: MalformedMessage.self) { try Self.verdict(datagram) }
        }
        #expect(throws: MalformedMessage.self) {
            try Self.verdict(hex("10 00 00 00 02 00 00 00 01 00 00 00 00 00 00 00"))
        }
    }

    @Test func `the length of the repeated request is not trusted`() throws {
        var hostile = refusalWithText
        hostile[7] = 2  // not capped: the length of the request counts
        for length: [UInt8] in [[0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], [0x34, 0, 0, 0]] {
            hostile.replaceSubrange(20..<24, with: length)
            #expect(try Self.verdict(hostile).first?.text == nil)
        }
    }
}
