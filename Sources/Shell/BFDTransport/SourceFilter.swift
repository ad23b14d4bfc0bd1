import CLinuxShim
import Glibc
import IPTypes

/// Which packets a receiving socket lets in: those from the peers' addresses and, on single hop, only those that arrive with
/// TTL or hop limit 255, that is, have passed no router (RFC 5881 section 5). A filter, because IP_MINTTL does nothing on
/// UDP sockets.
struct SourceFilter {
    var isIPv4: Bool
    var isSingleHop: Bool
    /// The peers of that family; without any, or with more than the kernel's filter has room for, addresses are not looked
    /// at here.
    var peers: [ScopedAddress]

    /// BPF_MAXINSNS
    private static let most = 4096

    /// The filter for the kernel.
    var program: [sock_filter] {
        let start = isSingleHop ? hopCheck : []
        let sources = sourceCheck
        guard !peers.isEmpty, start.count + sources.count + 1 <= Self.most else { return start + [accept] }
        return start + sources + [reject]
    }

    private var accept: sock_filter { sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: .max) }
    private var reject: sock_filter { sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: 0) }

    /// The TTL is octet 8 of an IPv4 header, the hop limit octet 7 of an IPv6 header.
    private var hopCheck: [sock_filter] {
        let is255 = sock_filter(code: UInt16(BPF_JMP | BPF_JEQ | BPF_K), jt: 1, jf: 0, k: 255)
        return [load(octet: isIPv4 ? 8 : 7, BPF_B), is255, reject]
    }

    /// For each peer: its address as a whole, or the prefix of link-local addresses if it is unnumbered.
    private var sourceCheck: [sock_filter] {
        if isIPv4 {
            let addresses = peers.compactMap { words($0.address.bytes).first }
            return [load(octet: 12, BPF_W)] + addresses.flatMap { [unlessEqual($0, skip: 1), accept] }
        }
        return peers.flatMap { peer -> [sock_filter] in
            if peer.isUnnumbered {
                let mask = sock_filter(code: UInt16(BPF_ALU | BPF_AND | BPF_K), jt: 0, jf: 0, k: 0xFFC0_0000)
                return [load(octet: 8, BPF_W), mask, unlessEqual(0xFE80_0000, skip: 1), accept]
            }
            // What differs goes on behind the `accept` of this peer.
            return words(peer.address.bytes).enumerated().flatMap { index, word in
                [load(octet: 8 + 4 * index, BPF_W), unlessEqual(word, skip: UInt8(7 - 2 * index))]
            } + [accept]
        }
    }

    private func load(octet: Int, _ size: CInt) -> sock_filter {
        sock_filter(
            code: UInt16(BPF_LD | size | BPF_ABS), jt: 0, jf: 0,
            k: UInt32(bitPattern: SKF_NET_OFF) &+ UInt32(octet))
    }

    private func unlessEqual(_ value: UInt32, skip: UInt8) -> sock_filter {
        sock_filter(code: UInt16(BPF_JMP | BPF_JEQ | BPF_K), jt: 0, jf: skip, k: value)
    }

    private func words(_ bytes: [UInt8]) -> [UInt32] {
        stride(from: 0, to: bytes.count - 3, by: 4).map { start in
            bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
    }
}
