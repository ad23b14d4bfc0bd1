import CLinuxShim
import Glibc
package import Settings

/// What a process has given up.
package struct Confinement: Sendable {
    /// The rights that it had and has no longer.
    package var lost: Rights
    /// What this kernel cannot take away, a line each.
    package var notices: [String]

    /// That of a process that has given up nothing.
    package static let none = Confinement(lost: .none, notices: [])

    /// Gives up what is not needed, for good: capabilities, the right to gain any by running a program, system calls, and
    /// writing to files. Programs that are run later inherit all of it.
    ///
    /// Call before any thread exists: the kernel confines the calling thread, and those that it makes. Nothing here ends the
    /// process, neither now nor later: what is not permitted fails with EPERM, EACCES or ENOSYS.
    /// - Parameters:
    ///   - rights: what is kept of what the process has.
    ///   - directory: where sockets may still be made, and files be removed; nil is nowhere.
    /// - Returns: what was given up.
    package static func enter(keeping rights: Rights, directory: String?) -> Confinement {
        var notices: [String] = []
        let lost = limitCapabilities(to: rights.capabilities)
        // Also the condition for the two below.
        if control(PR_SET_NO_NEW_PRIVS, 1) != 0 { notices.append("the kernel has no no_new_privs: \(systemText())") }
        if !rights.runsPrograms {
            // Programs may have to write; what they may is for the operator to say.
            if let failure = FileRules.enter(socketDirectory: directory) { notices.append(failure) }
            // Since Linux 6.3: no memory becomes executable. (PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN of linux/prctl.h)
            _ = control(65, 1)
        }
        if let failure = SystemCallFilter(allowsPrograms: rights.runsPrograms).enter() { notices.append(failure) }
        return Confinement(
            lost: Rights(capabilities: lost, runsPrograms: !rights.runsPrograms), notices: notices)
    }
}

// MARK: - Capabilities

/// Takes all but these capabilities from every set of the thread.
/// - Returns: which of those that bgpvip knows it had and has no longer.
private func limitCapabilities(to kept: Set<Rights.Capability>) -> Set<Rights.Capability> {
    let mask = kept.reduce(UInt64(0)) { $0 | $1.bit }
    // First, because it takes CAP_SETPCAP. Without that no capability can be gained anyway, because of no_new_privs.
    for number in 0..<64 where mask & (1 << UInt64(number)) == 0 {
        if control(PR_CAPBSET_DROP, UInt(number)) != 0 { break }
    }
    guard let before = CapabilitySets.ofThread() else { return [] }
    // What leaves the inheritable set leaves the ambient set as well.
    let limited = CapabilitySets(
        effective: before.effective & mask, permitted: before.permitted & mask, inheritable: before.inheritable & mask)
    limited.apply()
    let after = CapabilitySets.ofThread() ?? limited
    return Set(Rights.Capability.allCases.filter { before.effective & $0.bit != 0 && after.effective & $0.bit == 0 })
}

extension Rights.Capability {
    fileprivate var bit: UInt64 {
        let number =
            switch self {
            case .netAdmin: CAP_NET_ADMIN
            case .netBindService: CAP_NET_BIND_SERVICE
            case .netRaw: CAP_NET_RAW
            case .sysNice: CAP_SYS_NICE
            }
        return 1 << UInt64(number)
    }
}

/// The sets of capget(2), a bit for each capability.
private struct CapabilitySets {
    var effective: UInt64
    var permitted: UInt64
    var inheritable: UInt64

    /// `_LINUX_CAPABILITY_VERSION_3`, and 0 for the calling thread.
    private static let header: [UInt32] = [0x2008_0522, 0]

    /// Those of the calling thread; nil if the kernel does not tell.
    static func ofThread() -> CapabilitySets? {
        var (header, words) = (header, [UInt32](repeating: 0, count: 6))
        guard systemCall(SYS_capget, &header, &words) == 0 else { return nil }
        func set(_ word: Int) -> UInt64 { UInt64(words[word]) | UInt64(words[word + 3]) << 32 }
        return CapabilitySets(effective: set(0), permitted: set(1), inheritable: set(2))
    }

    /// Gives the calling thread these. A unit's filter may refuse it; then they stay as the unit has them.
    func apply() {
        let sets = [effective, permitted, inheritable]
        var header = Self.header
        var words = sets.map { UInt32(truncatingIfNeeded: $0) } + sets.map { UInt32(truncatingIfNeeded: $0 >> 32) }
        _ = systemCall(SYS_capset, &header, &words)
    }
}

// MARK: - Calls

/// prctl(2).
func control(_ option: CInt, _ argument: UInt, _ second: UnsafeRawPointer? = nil) -> Int {
    bgpvip_system_call(
        Int(SYS_prctl), UInt(bitPattern: Int(option)), argument, UInt(bitPattern: second), 0, 0)
}

private func systemCall(_ number: CInt, _ header: UnsafeMutableRawPointer, _ data: UnsafeMutableRawPointer) -> Int {
    bgpvip_system_call(Int(number), UInt(bitPattern: header), UInt(bitPattern: data), 0, 0, 0)
}

/// What went wrong with the last call.
func systemText() -> String { String(cString: strerror(errno)) }
