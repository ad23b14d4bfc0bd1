import CLinuxShim
import Confinement
import Glibc
import Settings

// A process that confines itself and then tries what it may not do: `ConfinementTrial (alone|programs) DIRECTORY`. One line
// for each try, `NAME: ok` or what the kernel answers; and before and after, what it says of the process.

func call(_ number: CInt, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) -> Int {
    bgpvip_system_call(
        Int(number), UInt(bitPattern: a), UInt(bitPattern: b), UInt(bitPattern: c), 0, 0)
}

func text(of code: CInt) -> String {
    switch code {
    case EPERM: "EPERM"
    case EACCES: "EACCES"
    case ENOSYS: "ENOSYS"
    case EAFNOSUPPORT: "EAFNOSUPPORT"
    default: String(cString: strerror(code))
    }
}

func attempt(_ name: String, _ body: () -> Int) {
    let result = body()
    print("\(name): \(result >= 0 ? "ok" : text(of: errno))")
}

func state(_ moment: String) {
    guard let file = fopen("/proc/self/status", "r") else { return }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, CInt(line.count), file) != nil {
        let words = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(whereSeparator: { $0 == ":" || $0 == "\t" })
        if let name = words.first, ["NoNewPrivs", "Seccomp", "CapEff", "CapPrm", "CapBnd", "CapAmb"].contains(name) {
            print("\(moment) \(name): \(words.last ?? "")")
        }
    }
}

func made(_ path: String) -> Int { Int(open(path, O_CREAT | O_WRONLY, 0o600)) }

func listening(_ path: String) -> Int {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            Int(bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)))
        }
    }
}

/// -1 with errno if the program cannot be run.
func ran(_ program: String) -> Int {
    var pid: pid_t = 0
    let arguments = [strdup(program), nil]
    errno = posix_spawn(&pid, program, nil, nil, arguments, [nil])
    guard errno == 0 else { return -1 }
    var status: CInt = 0
    waitpid(pid, &status, 0)
    return status == 0 ? 0 : -1
}

/// 0 if a child was made, which ends at once.
func forked(_ flags: Int) -> Int {
    let pid = call(SYS_clone, flags | Int(SIGCHLD))
    if pid == 0 { _exit(0) }
    if pid > 0 { waitpid(pid_t(pid), nil, 0) }
    return pid
}

func threaded() -> Int {
    var thread = pthread_t()
    errno = pthread_create(&thread, nil, { _ in nil }, nil)
    return errno == 0 ? Int(pthread_join(thread, nil)) : -1
}

let allowsPrograms = CommandLine.arguments[1] == "programs"
let directory = CommandLine.arguments[2]
let sockets = directory + "/sockets"
mkdir(sockets, 0o700)
_ = made(directory + "/there")

state("before")
let confinement = Confinement.enter(
    keeping: Rights(capabilities: [.netAdmin], runsPrograms: allowsPrograms), directory: sockets)
for notice in confinement.notices { print("notice: \(notice)") }
print("lost programs: \(confinement.lost.runsPrograms)")
state("after")

attempt("ptrace") { call(SYS_ptrace) }
attempt("process_vm_readv") { call(SYS_process_vm_readv, Int(getpid())) }
attempt("keyctl") { call(SYS_keyctl, 0, -3) }
attempt("unshare") { call(SYS_unshare) }
attempt("setns") { call(SYS_setns, -1) }
attempt("io_uring_setup") { call(SYS_io_uring_setup, 1) }
attempt("userfaultfd") { call(SYS_userfaultfd) }
attempt("bpf") { call(SYS_bpf) }
attempt("perf_event_open") { call(SYS_perf_event_open) }
attempt("mount") { call(SYS_mount) }
attempt("chroot") { "/".withCString { call(SYS_chroot, Int(bitPattern: $0)) } }
attempt("finit_module") { call(SYS_finit_module, -1) }
attempt("kexec_load") { call(SYS_kexec_load) }
attempt("clock_settime") { call(SYS_clock_settime, -1) }
attempt("namespace") { forked(0x1000_0000) }
attempt("clone3") { call(SYS_clone3) }
// A call of Linux 6.10.
attempt("mseal") { call(462) }
attempt("fork") { forked(0) }
attempt("execveat") { call(SYS_execveat, -1) }
attempt("program") { ran("/bin/true") }
attempt("kill") { Int(kill(getpid(), 0)) }
attempt("setuid") { Int(setuid(getuid())) }
attempt("raw packets") { Int(socket(AF_PACKET, CInt(SOCK_RAW.rawValue), 0)) }
attempt("new file") { made(directory + "/new") }
attempt("file that is there") { Int(open(directory + "/there", O_WRONLY)) }
attempt("new directory") { Int(mkdir(directory + "/new directory", 0o700)) }
attempt("removal") { Int(unlink(directory + "/there")) }
attempt("file beside the socket") { made(sockets + "/new") }
attempt("executable memory") {
    let memory = mmap(nil, 4096, PROT_READ | PROT_WRITE, CInt(MAP_PRIVATE | MAP_ANONYMOUS), -1, 0)
    return Int(mprotect(memory, 4096, PROT_READ | PROT_EXEC))
}
// What a daemon must be able to do still.
attempt("reading") { Int(open("/proc/self/stat", O_RDONLY)) }
attempt("control socket") { listening(sockets + "/s") }
attempt("removal of the socket") { Int(unlink(sockets + "/s")) }
attempt("TCP") { Int(socket(AF_INET6, CInt(SOCK_STREAM.rawValue), 0)) }
attempt("netlink") { Int(socket(AF_NETLINK, CInt(SOCK_RAW.rawValue), 0)) }
attempt("thread") { threaded() }
