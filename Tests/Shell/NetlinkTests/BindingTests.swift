import Glibc
import IPTypes
import Testing

@testable import Netlink

/// What `bind` and `unbind` make of the kernel's answers.
@Suite struct BindingTests {
    let vip = IPPrefix.of("192.0.2.9/32")

    @Test func `an address that is there as wanted is kept`() throws {
        let (addresses, socket) = try recordedLoopback(
            acknowledgement(2, error: EEXIST), address(3, "192.0.2.9/32", tag: 179), done(3))
        #expect(try addresses.bind(vip) == .kept)
        #expect(socket.requests.count == 3)
    }

    @Test(arguments: [(AddressScope.global, UInt32(0xA0)), (.host, 0x80)])
    func `an address of ours with another scope or lifetime is replaced`(scope: AddressScope, flags: UInt32) throws {
        let (addresses, socket) = try recordedLoopback(
            acknowledgement(2, error: EEXIST), address(3, "192.0.2.9/32", scope: scope, flags: flags, tag: 179),
            done(3),
            acknowledgement(4), acknowledgement(5))
        #expect(try addresses.bind(vip) == .added)
        #expect(socket.requests.suffix(2).map { $0[4] } == [21, 20])  // RTM_DELADDR, RTM_NEWADDR
    }

    @Test(arguments: [nil, 0, 1, 18, 180] as [UInt8?])
    func `an address that carries another tag or none is foreign, and unbind leaves it`(tag: UInt8?) throws {
        let (addresses, socket) = try recordedLoopback(
            acknowledgement(2, error: EEXIST), address(3, "192.0.2.9/32", tag: tag, label: "lo:bgpvip"), done(3),
            address(4, "192.0.2.9/32", tag: tag), done(4))
        #expect(try addresses.bind(vip) == .foreign)
        #expect(try addresses.unbind(vip) == false)
        #expect(socket.requests.count == 4)
    }

    @Test func `IPv6 has an address once, whatever its length, IPv4 once each length`() throws {
        let (addresses, _) = try recordedLoopback(
            acknowledgement(2, error: EEXIST), address(3, "2001:db8::9/64", scope: .global), done(3),
            address(4, "192.0.2.9/24", tag: 179), done(4))
        #expect(try addresses.bind(.of("2001:db8::9/128")) == .foreign)
        #expect(try addresses.unbind(vip) == false)
    }

    @Test func `an address that vanishes while we look is added after all`() throws {
        let (addresses, _) = try recordedLoopback(acknowledgement(2, error: EEXIST), done(3), acknowledgement(4))
        #expect(try addresses.bind(vip) == .added)
    }

    @Test func `unbind of an address that is not there, or goes away meanwhile, is false`() throws {
        let (addresses, _) = try recordedLoopback(
            done(2), address(3, "192.0.2.9/32", tag: 179), done(3), acknowledgement(4, error: EADDRNOTAVAIL))
        #expect(try addresses.unbind(vip) == false)
        #expect(try addresses.unbind(vip) == false)
    }

    @Test func `an interface that was made again is found under its new index`() throws {
        let (addresses, socket) = try recordedLoopback(
            acknowledgement(2, error: ENODEV), link(3, index: 7, name: "lo"), done(3), acknowledgement(4))
        #expect(try addresses.bind(vip) == .added)
        #expect(addresses.interfaceIndex == 7)
        #expect(socket.requests.last?[20] == 7)
    }

    @Test func `many are bound with one look at the table, each with its own result`() throws {
        let (addresses, socket) = try recordedLoopback(
            acknowledgement(2), acknowledgement(3, error: EEXIST),
            address(4, "192.0.2.2/32", tag: 179) + address(4, "192.0.2.3/32"), done(4),
            acknowledgement(5, error: EEXIST), acknowledgement(6, error: EPERM))
        var present: PresentAddresses?
        let results = addresses.bind(
            contentsOf: ["192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32", "192.0.2.4/32", "192.0.2.0/24"].map(
                IPPrefix.of), knowing: &present)
        #expect(
            results == [
                .success(.added), .success(.kept), .success(.foreign),
                .failure(.refused(operation: "adding 192.0.2.4/32 to lo", code: EPERM, kernelText: nil)),
                .failure(.notHostPrefix(.of("192.0.2.0/24"))),
            ])
        #expect(socket.requests.count == 6)
    }

    @Test func `many are unbound with one look at the table, each with its own result`() throws {
        let (addresses, socket) = try recordedLoopback(
            address(2, "192.0.2.1/32", tag: 179) + address(2, "192.0.2.2/32", tag: 179) + address(2, "192.0.2.3/32"),
            done(2), acknowledgement(3), acknowledgement(4, error: EPERM))
        var present: PresentAddresses?
        let results = ["192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32", "192.0.2.4/32"].flatMap {
            addresses.unbind(contentsOf: [IPPrefix.of($0)], knowing: &present)
        }
        #expect(
            results == [
                .success(true),
                .failure(.refused(operation: "removing 192.0.2.2/32 from lo", code: EPERM, kernelText: nil)),
                .success(false), .success(false),
            ])
        #expect(socket.requests.count == 4)
    }

    @Test func `only single addresses are bound`() throws {
        let (addresses, socket) = try recordedLoopback()
        #expect(throws: NetlinkError.notHostPrefix(.of("192.0.2.0/24"))) { try addresses.bind(.of("192.0.2.0/24")) }
        #expect(socket.requests.count == 1)
    }

    @Test func `an interface that does not exist is told with those that do`() throws {
        let socket = RecordedSocket([
            link(1, index: 2, name: "eth0"), link(1, index: 1, name: "lo"), done(1),
            link(2, index: 2, name: "eth0"), link(2, index: 1, name: "lo"), done(2),
        ])
        let addresses = try InterfaceAddresses(
            interface: "dummy0", exchange: NetlinkExchange(socket: socket), kernelKeepsTags: true)
        #expect(addresses.interfaceIndex == nil)
        let error = #expect(throws: NetlinkError.self) { try addresses.bind(vip) }
        #expect(error == .noSuchInterface(name: "dummy0", existing: ["lo", "eth0"]))
    }

    @Test func `leftovers are the addresses with our tag on our interface`() throws {
        let (addresses, _) = try recordedLoopback(
            address(2, "127.0.0.1/8") + address(2, "192.0.2.9/32", tag: 179),
            address(2, "192.0.2.10/32", on: 4, tag: 179) + address(2, "2001:db8::9/128", tag: 179), done(2))
        #expect(try addresses.leftovers().map(\.hostPrefix) == [vip, .of("2001:db8::9/128")])
    }

    @Test func `before Linux 5.18 ours are known by label, or by lifetime and length`() throws {
        let (addresses, _) = try recordedLoopback(
            kernelKeepsTags: false,
            address(2, "192.0.2.1/32", label: "lo") + address(2, "192.0.2.2/32", label: "lo:bgpvip"),
            address(2, "2001:db8::1/128", flags: 0x80) + address(2, "2001:db8::2/128", flags: 0xA2)
                + address(2, "2001:db8::3/64", flags: 0xA2) + address(2, "2001:db8::4/128", flags: 0xA0), done(2))
        #expect(try addresses.leftovers().map(\.hostPrefix) == [.of("192.0.2.2/32"), .of("2001:db8::2/128")])
    }
}

/// How our addresses are known.
@Suite struct OwnershipMarkTests {
    @Test(arguments: [
        ("lo", "lo:bgpvip"), ("dummyvip", "dummyvip:bgpvip"), ("dummyvip0", nil), ("interface123456", nil),
    ])
    func `a label fits in fifteen characters or is not set`(interface: String, label: String?) {
        #expect(OwnershipMark(interface: interface, kernelKeepsTags: false).label == label)
    }

    @Test(arguments: [
        ("6.18.44-fc", true), ("5.18.0", true), ("5.18-rc1", true), ("5.17.15", false), ("4.18.0-553.el8", false),
        ("10.0", true), ("5", true), ("", true), ("x.y", true), ("5.", true),
    ])
    func `tags are kept from Linux 5.18 on`(release: String, keeps: Bool) {
        #expect(OwnershipMark.kernelKeepsTags(release: release) == keeps)
    }

    @Test func `a tag counts on an old kernel that has learnt to keep it`() {
        let mark = OwnershipMark(interface: "lo", kernelKeepsTags: false)
        var vip = InterfaceAddress(
            address: .of("192.0.2.9"), prefixLength: 32, interfaceIndex: 1, scope: .host, protocolTag: 18,
            preferredLifetime: 0, label: "lo:bgpvip")
        #expect(!mark.isOn(vip))
        vip.protocolTag = 179
        #expect(mark.isOn(vip))
    }
}
