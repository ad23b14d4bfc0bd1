import CLinuxShim
import Glibc

/// Landlock (landlock(7)): no file is written, made, removed or run, except the control socket. Files that are open stay as
/// they are, and reading is free, because a reload may name any file.
enum FileRules {
    /// `LANDLOCK_ACCESS_FS_*` that every version has, from EXECUTE to MAKE_SYM, without READ_FILE and READ_DIR.
    private static let first: UInt64 = 0x1FFF & ~(readFile | readDirectory)
    private static let readFile: UInt64 = 1 << 2
    private static let readDirectory: UInt64 = 1 << 3
    private static let removeFile: UInt64 = 1 << 5
    private static let makeSocket: UInt64 = 1 << 9
    /// REFER, TRUNCATE and IOCTL_DEV, each with the version that brought it.
    private static let later: [(version: Int, access: UInt64)] = [(2, 1 << 13), (3, 1 << 14), (5, 1 << 15)]
    /// `LANDLOCK_SCOPE_SIGNAL`: no signal to another process.
    private static let signalScope: (version: Int, scope: UInt64) = (6, 1 << 1)
    /// `LANDLOCK_CREATE_RULESET_VERSION`.
    private static let askVersion: UInt = 1
    /// `LANDLOCK_RULE_PATH_BENEATH`.
    private static let pathBeneath: UInt = 1

    /// Confines the calling thread; sockets can be made and files removed in this directory only.
    /// - Returns: what is wrong; nil if it holds.
    static func enter(socketDirectory: String?) -> String? {
        let version = bgpvip_system_call(Int(SYS_landlock_create_ruleset), 0, 0, askVersion, 0, 0)
        guard version > 0 else {
            let isMissing = errno == ENOSYS || errno == EOPNOTSUPP
            return isMissing ? "files are not protected from this process: the kernel has no Landlock" : failure()
        }
        let access = later.reduce(first) { version >= $1.version ? $0 | $1.access : $0 }
        // struct landlock_ruleset_attr: file system, network, scope. Kernels that know less of it want zeros.
        var attributes = [access, 0, version >= signalScope.version ? signalScope.scope : 0]
        let size = UInt(attributes.count * MemoryLayout<UInt64>.size)
        let rules = attributes.withUnsafeMutableBytes {
            bgpvip_system_call(
                Int(SYS_landlock_create_ruleset), UInt(bitPattern: $0.baseAddress), size, 0, 0, 0)
        }
        guard rules >= 0 else { return failure() }
        defer { close(CInt(truncatingIfNeeded: rules)) }
        if let socketDirectory { permitSockets(in: socketDirectory, UInt(bitPattern: rules)) }
        guard bgpvip_system_call(Int(SYS_landlock_restrict_self), UInt(bitPattern: rules), 0, 0, 0, 0) == 0 else {
            return failure()
        }
        return nil
    }

    /// Without the directory there is no rule, and opening the control socket says what is wrong.
    private static func permitSockets(in directory: String, _ rules: UInt) {
        // O_PATH, which fcntl.h shows to _GNU_SOURCE only.
        let descriptor = open(directory, CInt(0o10000000) | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // struct landlock_path_beneath_attr, which is packed: 64 bits of access, then the descriptor.
        let access = removeFile | makeSocket
        var rule = [
            UInt32(truncatingIfNeeded: access), UInt32(truncatingIfNeeded: access >> 32),
            UInt32(bitPattern: descriptor),
        ]
        _ = rule.withUnsafeMutableBytes {
            bgpvip_system_call(
                Int(SYS_landlock_add_rule), rules, pathBeneath, UInt(bitPattern: $0.baseAddress), 0, 0)
        }
    }

    private static func failure() -> String { "files are not protected from this process: Landlock: \(systemText())" }
}
