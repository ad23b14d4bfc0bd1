import Foundation
import Testing

/// Confinement cannot be undone, so another process confines itself and tries: `Tests/Shell/ConfinementTrial`.
@Suite("Confinement", .timeLimit(.minutes(1)))
struct ConfinementTests {
    /// What neither the daemon nor a program that it runs can do.
    private static let neverPossible = [
        "ptrace": "EPERM", "process_vm_readv": "EPERM", "keyctl": "EPERM", "unshare": "EPERM", "setns": "EPERM",
        "io_uring_setup": "EPERM", "userfaultfd": "EPERM", "bpf": "EPERM", "perf_event_open": "EPERM",
        "mount": "EPERM",
        "chroot": "EPERM", "finit_module": "EPERM", "kexec_load": "EPERM", "clock_settime": "EPERM",
        "namespace": "EPERM",
        "clone3": "ENOSYS", "mseal": "ENOSYS", "reading": "ok", "control socket": "ok", "removal of the socket": "ok",
        "TCP": "ok", "netlink": "ok", "thread": "ok",
    ]

    @Test("A daemon that runs no programs cannot start one, signal one, or write a file; its control socket works")
    func alone() throws {
        let answers = try Answers("alone")
        var expected = Self.neverPossible.merging([
            "fork": "EPERM", "execveat": "EPERM", "program": "EPERM", "kill": "EPERM", "setuid": "EPERM",
            "raw packets": "EAFNOSUPPORT", "new file": "EACCES", "file that is there": "EACCES",
            "new directory": "EACCES", "removal": "EACCES", "file beside the socket": "EACCES",
            "executable memory": "EACCES", "lost programs": "true",
        ]) { $1 }
        if answers.notices.contains(where: { $0.contains("Landlock") }) {
            for name in ["new file", "file that is there", "new directory", "removal", "file beside the socket"] {
                expected[name] = "ok"
            }
        }
        if !Answers.kernelRefusesExecutableMemory { expected["executable memory"] = "ok" }
        #expect(answers.tries == expected)
    }

    @Test("With programs, one can be run, and nothing is said about files; all else holds for it too")
    func programs() throws {
        let answers = try Answers("programs")
        #expect(
            answers.tries
                == Self.neverPossible.merging([
                    "fork": "ok", "execveat": "Bad address", "program": "ok", "kill": "ok", "setuid": "ok",
                    "raw packets": "EPERM", "new file": "ok", "file that is there": "ok", "new directory": "ok",
                    "removal": "ok", "file beside the socket": "ok", "executable memory": "ok",
                    "lost programs": "false",
                ]) { $1 })
    }

    @Test("Of the capabilities only the kept ones are left, in every set", arguments: ["alone", "programs"])
    func capabilities(mode: String) throws {
        let answers = try Answers(mode)
        // CAP_NET_ADMIN is 12, CAP_SETPCAP, which the bounding set takes, is 8.
        let mask: UInt64 = 1 << 12
        for set in ["CapEff", "CapPrm", "CapAmb"] {
            #expect(try answers.bits("after", set) == answers.bits("before", set) & mask, "\(set)")
        }
        let bounding = try answers.bits("before", "CapBnd")
        let mayLimit = try answers.bits("before", "CapEff") & 1 << 8 != 0
        #expect(try answers.bits("after", "CapBnd") == (mayLimit ? bounding & mask : bounding))
        #expect(answers.states["after NoNewPrivs"] == "1")
        #expect(answers.states["after Seccomp"] == "2")
    }
}

/// What the trial has printed.
private struct Answers {
    var tries: [String: String] = [:]
    var states: [String: String] = [:]
    var notices: [String] = []

    /// PR_SET_MDWE came with Linux 6.3.
    static var kernelRefusesExecutableMemory: Bool {
        let version = ProcessInfo.processInfo.operatingSystemVersion
        return (version.majorVersion, version.minorVersion) >= (6, 3)
    }

    init(_ mode: String) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("trial-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        let trial = Process()
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        trial.executableURL = tests.deletingLastPathComponent().appendingPathComponent("ConfinementTrial")
        trial.arguments = [mode, directory.path]
        let pipe = Pipe()
        trial.standardOutput = pipe
        try trial.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        trial.waitUntilExit()
        #expect(trial.terminationStatus == 0)
        #expect(trial.terminationReason == .exit)
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2 else { continue }
            if parts[0] == "notice" {
                notices.append(parts[1])
            } else if parts[0].hasPrefix("before ") || parts[0].hasPrefix("after ") {
                states[parts[0]] = parts[1]
            } else {
                tries[parts[0]] = parts[1]
            }
        }
    }

    func bits(_ moment: String, _ set: String) throws -> UInt64 {
        try #require(UInt64(states["\(moment) \(set)"] ?? "", radix: 16))
    }
}
