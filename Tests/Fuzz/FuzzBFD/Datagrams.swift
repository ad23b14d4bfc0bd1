import BFD
import Fuzzing

/// Reads a datagram, and checks that what comes of it is what RFC 5880 section 6.8.6 says; nil if it is discarded.
func packet(in datagram: [UInt8]) -> BFDPacket? {
    do throws(BFDDiscard) {
        let packet = try BFDPacket(decoding: datagram.span.bytes)
        require(discard(datagram) == nil, "\(packet) was not discarded")
        var same = packet.bytes
        // What we write has no authentication section, and says so in its length.
        same[3] = datagram[3]
        require(same == Array(datagram.prefix(24)), "\(hexadecimal(datagram)) comes back as \(hexadecimal(same))")
        return packet
    } catch {
        requireOneLine(error.description)
        require(discard(datagram) == error, "discarded for \(error)")
        return nil
    }
}

/// The rules of section 6.8.6 that need no session, read once more.
private func discard(_ octets: [UInt8]) -> BFDDiscard? {
    guard octets.count >= 4 else { return .truncated(octets: octets.count) }
    let length = Int(octets[3])
    return if octets[0] & 0xE0 != 0x20 {
        .version(octets[0] >> 5)
    } else if length < 24 || octets[1] & 0x04 != 0 && length < 26 {
        .lengthTooShort(length)
    } else if length > octets.count {
        .lengthBeyondPayload(length, octets: octets.count)
    } else if octets[2] == 0 {
        .multiplierZero
    } else if octets[1] & 0x01 != 0 {
        .multipoint
    } else if octets[4...7] == [0, 0, 0, 0] {
        .myDiscriminatorZero
    } else {
        nil
    }
}

/// Two peers, of which one is ours and the other only there to be told from it.
struct Peers {
    private let table: BFDDemultiplexer<String>

    init() {
        var table = BFDDemultiplexer<String>()
        require(table.insert("ours", discriminator: ourDiscriminator, isMultihop: false), "our session is refused")
        require(table.insert("far", discriminator: 0x3333_3333, isMultihop: true), "another's session is refused")
        require(!table.insert("twice", discriminator: ourDiscriminator, isMultihop: true), "two have one discriminator")
        require(!table.insert("zero", discriminator: 0, isMultihop: false), "a discriminator is 0")
        self.table = table
    }

    /// True if the packet, which came from our peer to the port for single hops, is our session's.
    func isOurs(_ packet: BFDPacket) -> Bool {
        let isUnknown = packet.yourDiscriminator == 0 && (packet.state == .down || packet.state == .adminDown)
        let expected = (packet.yourDiscriminator == ourDiscriminator || isUnknown) && !packet.isAuthenticated
        do throws(BFDDiscard) {
            let peer = try table.peer(for: packet, from: "ours", isMultihop: false)
            require(peer == "ours" && expected, "\(packet) was taken for one of \(peer)")
        } catch {
            requireOneLine(error.description)
            require(!expected, "\(packet) was discarded: \(error)")
        }
        return expected
    }
}
