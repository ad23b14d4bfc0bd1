import CLinuxShim
import Glibc
import IPTypes
import Testing

@testable import Netlink

/// The kernel's announcements.
@Suite struct AddressChangeTests {
    let vip = InterfaceAddress(
        address: .of("192.0.2.9"), prefixLength: 32, interfaceIndex: 1, scope: .host, protocolTag: 179,
        preferredLifetime: 0, flags: 0xA0)

    @Test func `addresses come and go`() throws {
        #expect(try AddressChange.parse(address(0, "192.0.2.9/32", tag: 179)) == [.added(vip)])
        #expect(
            try AddressChange.parse(address(0, "192.0.2.9/32", tag: 179, type: .deleteAddress)) == [.removed(vip)])
    }

    @Test(arguments: [
        (IFF_UP | IFF_RUNNING, MessageType.newLink, true), (IFF_UP, .newLink, false), (IFF_RUNNING, .newLink, false),
        (IFF_UP | IFF_RUNNING, .deleteLink, false),
    ])
    func `a link is up with a carrier only`(flags: Int, type: MessageType, isUp: Bool) {
        #expect(
            AddressChange.parse(link(0, index: 2, name: "eth0", flags: flags, type: type))
                == [.linkChanged(name: "eth0", isUp: isUp)])
    }

    @Test(arguments: [
        (MessageType.newRoute, UInt8(0), true), (.deleteRoute, 0, true), (.newRoute, 24, false),
        (.deleteRoute, 128, false),
    ])
    func `default routes come and go`(type: MessageType, length: UInt8, isDefault: Bool) {
        var header = rtmsg()
        header.rtm_family = UInt8(AF_INET)
        header.rtm_dst_len = length
        let datagram = NetlinkRequest(type, flags: 0, header: header).encoded(sequence: 0)
        #expect(AddressChange.parse(datagram) == (isDefault ? [.defaultRouteChanged] : []))
    }

    @Test func `a bridge's word about its port is no word about the link`() {
        #expect(AddressChange.parse(link(0, index: 2, name: "eth0", family: UInt8(AF_BRIDGE))) == [])
    }

    @Test func `several changes in one datagram keep their order, and others are passed over`() throws {
        let datagram =
            try link(0, index: 2, name: "eth0", flags: 0) + address(0, "192.0.2.9/32", tag: 179, type: .deleteAddress)
            + done(0)
        #expect(AddressChange.parse(datagram) == [.linkChanged(name: "eth0", isUp: false), .removed(vip)])
    }

    @Test func `what cannot be understood asks for a fresh look`() throws {
        let datagram = try address(0, "192.0.2.9/32", tag: 179)
        for length in 1..<datagram.count {
            #expect(AddressChange.parse(Array(datagram.prefix(length))) == [.resynchronise])
        }
        #expect(
            AddressChange.parse(NetlinkRequest(.overrun, flags: 0, header: CInt(0)).encoded(sequence: 0)) == [
                .resynchronise
            ])
    }
}
