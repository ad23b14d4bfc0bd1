internal import CLinuxShim
internal import Glibc
internal import IPTypes

/// How addresses that we added are told from all others, also by the next process after a crash.
///
/// Linux 5.18 and later keep a tag with every address (IFA_PROTO). Older kernels ignore it; there an IPv4 address is
/// ours by its label, and one that cannot have a label (IPv6, and any on an interface with a name longer than eight
/// characters) by a combination that is not used by accident: single address, preferred lifetime 0 and, for IPv6, no
/// duplicate address detection. On such kernels an operator who adds exactly that by hand gets it removed.
struct OwnershipMark: Equatable {
    /// The port of BGP. Free of meaning in iproute2's rt_addrprotos (0 to 3 are the kernel's), and, because programs
    /// carry route protocol numbers over to addresses, not in rt_protos either: 18 keepalived, 186 and up FRR.
    static let protocolTag: UInt8 = 179

    /// False before Linux 5.18.
    var kernelKeepsTags: Bool
    /// What our IPv4 addresses are labelled; nil if it does not fit the 15 characters of a label.
    var label: String?

    init(interface: String, kernelKeepsTags: Bool) {
        self.kernelKeepsTags = kernelKeepsTags
        // A label has to begin with the interface's name and a colon, or older tools do not show the address.
        let label = interface + ":bgpvip"
        self.label = label.utf8.count < Int(IFNAMSIZ) ? label : nil
    }

    func isOn(_ address: InterfaceAddress) -> Bool {
        if kernelKeepsTags || address.protocolTag != nil {
            return address.protocolTag == Self.protocolTag
        }
        if address.address.isIPv4, let label {
            return address.label == label
        }
        let skipsDetection = address.flags & UInt32(IFA_F_NODAD) != 0
        return address.isHost && address.preferredLifetime == 0 && (address.address.isIPv4 || skipsDetection)
    }

    /// Whether the running kernel keeps IFA_PROTO. A distribution may have brought it to an older release: an address
    /// with a tag, ours or the kernel's own, is proof too, and `isOn` takes it.
    static func runningKernelKeepsTags() -> Bool {
        var name = utsname()
        guard uname(&name) == 0 else { return true }
        let release = withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return kernelKeepsTags(release: release)
    }

    /// Reads `6.18.44-fc`. What cannot be read counts as new: then nothing unmarked is ever removed.
    static func kernelKeepsTags(release: String) -> Bool {
        let numbers = release.split(separator: ".").prefix(2).map { Int($0.prefix { $0.isWholeNumber }) }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return true }
        return (major, minor) >= (5, 18)
    }
}
