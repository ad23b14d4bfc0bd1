import CLinuxShim
import Fuzzing
import IPTypes

@testable import HealthProbes
@testable import Netlink

/// The messages of a datagram; nil if it is malformed.
private func parsed(_ datagram: [UInt8]) -> [NetlinkMessage]? {
    do throws(MalformedMessage) { return try NetlinkMessage.parse(datagram) } catch { return nil }
}

/// Messages that were read are the same when they are written and read again, and do not depend on what is around them.
func checkFraming(_ datagram: [UInt8]) {
    guard let messages = parsed(datagram), let last = messages.last else { return }
    let written = messages.flatMap { octets(of: $0) }
    require(parsed(written) == messages, "\(messages) is something else when it is read again")
    require(parsed(written + written) == messages + messages, "\(messages) is read in another way the second time")
    if last.payload.count % 4 == 0 { require(parsed(written.dropLast()) == nil, "a message that is cut is read") }
}

/// With attributes in it a message is padded to four octets, as the kernel does it.
private func octets(of message: NetlinkMessage) -> [UInt8] {
    func number(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
    let length = 16 + message.payload.count
    var octets = number(UInt32(length)) + number(message.type.rawValue) + number(message.flags)
    octets += number(message.sequence) + number(UInt32(0))
    return octets + message.payload + [UInt8](repeating: 0, count: (4 - length % 4) % 4)
}

/// What is announced is what the message says; an address is the same when it is written and read again.
func checkAnnouncement(_ datagram: [UInt8]) {
    let changes = AddressChange.parse(datagram)
    for change in changes {
        switch change {
        case .added(let address), .removed(let address): check(address)
        case .linkChanged(let name, _): require(!name.isEmpty, "a link without a name")
        case .defaultRouteChanged, .resynchronise: break
        case .interrupted(let error): require(false, "the kernel cannot announce \(error)")
        }
    }
    require(changes.count <= max(1, datagram.count / 16), "\(changes.count) changes in \(datagram.count) octets")
}

/// An address of an interface, as the kernel gave it.
func check(_ address: InterfaceAddress) {
    require((0...address.address.bitWidth).contains(address.prefixLength), "a length of \(address.prefixLength)")
    require(address.label?.isEmpty != true, "an empty label")
    var header = ifaddrmsg()
    header.ifa_family = AddressFamily(address.address).number
    header.ifa_prefixlen = UInt8(truncatingIfNeeded: address.prefixLength)
    header.ifa_scope = address.scope.rawValue
    header.ifa_index = address.interfaceIndex
    var request = NetlinkRequest(.newAddress, flags: 0, header: header)
    request.append(IFA_LOCAL, bytes: address.address.bytes)
    request.append(IFA_FLAGS, address.flags)
    request.append(
        IFA_CACHEINFO,
        ifa_cacheinfo(ifa_prefered: address.preferredLifetime, ifa_valid: .max, cstamp: 0, tstamp: 0))
    if let tag = address.protocolTag { request.append(IFA_PROTO, tag) }
    if let label = address.label { request.append(IFA_LABEL, bytes: Array(label.utf8) + [0]) }
    let again = AddressChange.parse(request.encoded(sequence: 1))
    require(again == [.added(address)], "\(address) comes back as \(again)")
}

/// What a check asks the kernel of one socket.
func checkOneSocket(_ datagram: [UInt8]) {
    let answer = SocketAnswer(parsing: datagram[...])
    require(answer == SocketAnswer(parsing: ([0xFF] + datagram).dropFirst()), "read in another way in another place")
    guard answer != nil else { return }
    require(datagram.count >= 88, "\(datagram.count) octets are no answer")
}
