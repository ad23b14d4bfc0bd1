import CLinuxShim
import Glibc

/// A filter of system calls (seccomp(2)): what a daemon like this never does fails with EPERM. It never ends the process,
/// which would leave the VIP behind.
///
/// A list of what is forbidden, not of what is permitted: a call that a new C library makes for an ordinary purpose must not
/// fail. What kernels have got since Linux 6.1 fails with ENOSYS, as on a kernel of that time.
struct SystemCallFilter {
    private var program: [sock_filter] = []

    /// `struct seccomp_data`: the number, the processor, the address of the instruction, six arguments.
    private static let (number, processor, firstArgument): (UInt32, UInt32, UInt32) = (0, 4, 16)
    private static let errorEPERM = UInt32(SECCOMP_RET_ERRNO) | UInt32(EPERM)
    private static let errorENOSYS = UInt32(SECCOMP_RET_ERRNO) | UInt32(ENOSYS)
    private static let errorEAFNOSUPPORT = UInt32(SECCOMP_RET_ERRNO) | UInt32(EAFNOSUPPORT)

    /// - Parameter allowsPrograms: true if other programs can be run. They inherit the filter.
    init(allowsPrograms: Bool) {
        load(Self.processor)
        // The numbers of another processor's calls mean something else.
        skip(1, if: BPF_JEQ, Self.ownProcessor)
        answer(Self.errorEPERM)
        load(Self.number)
        skip(1, unless: BPF_JGT, UInt32(SYS_set_mempolicy_home_node))
        answer(Self.errorENOSYS)
        // Its arguments are in memory, where a filter does not see them; the C library then uses clone.
        refuse([SYS_clone3], with: Self.errorENOSYS)
        refuse(Self.never + (allowsPrograms ? [] : Self.withoutPrograms), with: Self.errorEPERM)
        if allowsPrograms {
            refuse(SYS_clone, ifFlags: Self.newNamespaces, areSet: true)
        } else {
            refuse(SYS_clone, ifFlags: Self.thread, areSet: false)
            permitFamilies([AF_UNIX, AF_INET, AF_INET6, AF_NETLINK])
        }
        answer(UInt32(SECCOMP_RET_ALLOW))
    }

    /// Filters the calls of the calling thread from now on.
    /// - Returns: what is wrong; nil if it holds.
    func enter() -> String? {
        var instructions = program
        let result = instructions.withUnsafeMutableBufferPointer { buffer in
            var filter = sock_fprog(len: UInt16(buffer.count), filter: buffer.baseAddress)
            return control(PR_SET_SECCOMP, UInt(SECCOMP_MODE_FILTER), &filter)
        }
        return result == 0 ? nil : "system calls are not filtered: \(systemText())"
    }
}

// MARK: - What is forbidden

extension SystemCallFilter {
    /// What neither the daemon nor the program of a check has to do: other processes' memory, the kernel itself, file
    /// systems, namespaces, the clock, keys, and interfaces that have often let programs out of their confinement.
    private static let never: [CInt] =
        [
            SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_process_madvise, SYS_kcmp, SYS_pidfd_getfd,
            SYS_bpf, SYS_perf_event_open, SYS_userfaultfd,
            SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
            SYS_add_key, SYS_request_key, SYS_keyctl,
            SYS_kexec_load, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_reboot, SYS_syslog, SYS_acct,
            SYS_swapon, SYS_swapoff, SYS_quotactl, SYS_quotactl_fd, SYS_lookup_dcookie, SYS_nfsservctl,
            SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig,
            SYS_fsmount, SYS_fspick, SYS_mount_setattr, SYS_unshare, SYS_setns,
            SYS_name_to_handle_at, SYS_open_by_handle_at, SYS_fanotify_init, SYS_fanotify_mark,
            SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime, SYS_sethostname, SYS_setdomainname,
            SYS_vhangup, SYS_personality,
        ] + neverOnThisProcessor

    /// What only programs do that the daemon would run.
    private static let withoutPrograms: [CInt] =
        [
            SYS_execve, SYS_execveat, SYS_kill, SYS_tkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo,
            SYS_pidfd_send_signal, SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid,
            SYS_setgroups, SYS_setfsuid, SYS_setfsgid, SYS_fchown, SYS_fchownat, SYS_mknodat, SYS_linkat, SYS_symlinkat,
            SYS_renameat2, SYS_truncate, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr,
        ] + withoutProgramsOnThisProcessor

    #if arch(x86_64)
        private static let neverOnThisProcessor: [CInt] = [SYS_kexec_file_load, SYS_iopl, SYS_ioperm, SYS_modify_ldt]
        private static let withoutProgramsOnThisProcessor: [CInt] = [
            SYS_fork, SYS_vfork, SYS_chown, SYS_lchown, SYS_mknod, SYS_link, SYS_symlink, SYS_rename, SYS_renameat,
            SYS_creat,
        ]
        /// AUDIT_ARCH_X86_64 of linux/audit.h.
        private static let ownProcessor: UInt32 = 0xC000_003E
    #elseif arch(arm64)
        private static let neverOnThisProcessor: [CInt] = [SYS_kexec_file_load]
        private static let withoutProgramsOnThisProcessor: [CInt] = [SYS_renameat]
        /// AUDIT_ARCH_AARCH64 of linux/audit.h.
        private static let ownProcessor: UInt32 = 0xC000_00B7
    #endif

    /// CLONE_THREAD of sched.h.
    private static let thread: UInt32 = 0x1_0000
    /// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of sched.h.
    private static let newNamespaces: UInt32 = 0x7E02_0000
}

// MARK: - Instructions

extension SystemCallFilter {
    private mutating func load(_ offset: UInt32) {
        program.append(sock_filter(code: UInt16(BPF_LD | BPF_W | BPF_ABS), jt: 0, jf: 0, k: offset))
    }

    private mutating func answer(_ action: UInt32) {
        program.append(sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: action))
    }

    /// Passes over so many instructions if the loaded word compares like this.
    private mutating func skip(_ count: UInt8, if comparison: CInt, _ value: UInt32) {
        program.append(sock_filter(code: UInt16(BPF_JMP | comparison | BPF_K), jt: count, jf: 0, k: value))
    }

    /// Passes over so many instructions if the loaded word does not compare like this.
    private mutating func skip(_ count: UInt8, unless comparison: CInt, _ value: UInt32) {
        program.append(sock_filter(code: UInt16(BPF_JMP | comparison | BPF_K), jt: 0, jf: count, k: value))
    }

    private mutating func refuse(_ calls: [CInt], with action: UInt32) {
        for call in calls {
            skip(1, unless: BPF_JEQ, UInt32(bitPattern: call))
            answer(action)
        }
    }

    /// Refuses a call if any of the flags in its first argument is set, or if none is.
    private mutating func refuse(_ call: CInt, ifFlags flags: UInt32, areSet: Bool) {
        skip(4, unless: BPF_JEQ, UInt32(bitPattern: call))
        load(Self.firstArgument)
        if areSet { skip(1, unless: BPF_JSET, flags) } else { skip(1, if: BPF_JSET, flags) }
        answer(Self.errorEPERM)
        load(Self.number)
    }

    /// Refuses sockets of other families.
    private mutating func permitFamilies(_ families: [CInt]) {
        skip(UInt8(families.count + 3), unless: BPF_JEQ, UInt32(bitPattern: SYS_socket))
        load(Self.firstArgument)
        for (place, family) in families.enumerated() {
            skip(UInt8(families.count - place), if: BPF_JEQ, UInt32(bitPattern: family))
        }
        answer(Self.errorEAFNOSUPPORT)
        load(Self.number)
    }
}
