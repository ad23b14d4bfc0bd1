import Glibc
import Health
import IPTypes
import NIOCore
import TestSupport
import Testing

@testable import HealthProbes

/// A file that nobody can open until the lease on it is given back: open(2) and execve(2) block, as on a hung mount.
private final class HungFile {
    private let descriptor: CInt

    init(_ path: String) throws {
        // The kernel's signal that somebody wants the file; it would end the process.
        signal(SIGIO, SIG_IGN)
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        // F_SETLEASE, which fcntl.h shows to _GNU_SOURCE only.
        try #require(fcntl(descriptor, 1024, F_WRLCK) == 0)
    }

    func release() {
        _ = fcntl(descriptor, 1024, F_UNLCK)
    }

    deinit {
        close(descriptor)
    }
}

@Suite("Probes on a hung disk", .timeLimit(.minutes(1)), .serialized)
struct HungDiskTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("A file that cannot be read fails the probe at its timeout, and no other check")
    func unreadable() async throws {
        let authority = try directory.write("ca.crt", TestCertificates.authority)
        let service = try await TestService(tls: .server()) { _ in .answer() }
        let other = try await TestService { _ in .answer() }
        let hung = try HungFile(authority)
        var probing = try await Probing(
            service.http(tls: HTTPCheck.TLSOptions(caFile: authority, verifies: true)), timeout: .milliseconds(500))
        var otherProbing = try await Probing(other.http())
        let reason = "no answer within 500 ms (reading \(authority), whose disk does not answer)"
        for _ in 1...2 {
            probing.probe()
            await otherProbing.probe(gives: .passed)
            await probing.reports(.failed(reason))
        }
        #expect(service.connections == 0)
        probing.probe()
        hung.release()
        await probing.reports(.passed)
    }

    @Test("If it was read before, what it held then is used")
    func readBefore() async throws {
        let token = try directory.write("token", "first")
        let service = try await TestService { _ in .answer() }
        // Every probe over a fresh connection.
        var probing = try await Probing(
            service.http(bearerTokenFile: token), interval: .seconds(-10), timeout: .seconds(2))
        await probing.probe(gives: .passed)
        let hung = try HungFile(token)
        for _ in 1...3 { await probing.probe(gives: .passed) }
        hung.release()
        let tokens = service.requests.count { $0.contains("Authorization: Bearer first\r\n") }
        #expect(tokens == 4)
    }

    @Test(
        "A program that cannot be loaded fails the probe at its timeout; it is not started twice, and ends with the hang"
    )
    func program() async throws {
        let witness = directory.path + "/witness"
        let program = try directory.write("program", "#!/bin/sh\necho >> \(witness)\n")
        chmod(program, 0o700)
        let other = try await TestService { _ in .answer() }
        var otherProbing = try await Probing(other.http())
        var probing = try await Probing(.exec([program]), timeout: .milliseconds(500))
        await probing.probe(gives: .passed)
        let hung = try HungFile(program)
        for _ in 1...2 {
            probing.probe()
            await otherProbing.probe(gives: .passed)
            await probing.reports(.failed("\(program) has not started within 500 ms: its disk does not answer"))
        }
        hung.release()
        await probing.probe(gives: .passed)
        // The first, the one that hung and was killed at once, if it came so far, and the last.
        let lines = try contents(of: witness, role: "witness").count
        #expect((2...3).contains(lines))
    }

    @Test("At the start, files that hang are left to the probes, and bad ones are named")
    func atTheStart() async throws {
        let loop = TestService.loop
        let authority = try directory.write("ca.crt", TestCertificates.authority)
        let target = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 1)
        func check(_ file: String) -> Check {
            let tls = HTTPCheck.TLSOptions(caFile: file, verifies: true)
            return Check(name: "api", kind: .http(HTTPCheck(target: target, path: "/", host: "x", tls: tls)))
        }
        func fault(_ checks: [Check], _ limit: Duration) async throws -> CheckUnusable? {
            let promise = loop.makePromise(of: CheckUnusable?.self)
            loop.execute { firstUnusableFile(of: checks, on: loop, within: limit) { promise.succeed($0) } }
            return try await promise.futureResult.get()
        }
        let absent = directory.path + "/absent"
        let unusable = CheckUnusable(reason: "cannot read the CA file \(absent): No such file or directory")
        #expect(try await fault([], .seconds(20)) == nil)
        #expect(try await fault([check(authority), check(absent)], .seconds(20)) == unusable)
        let hung = try HungFile(authority)
        #expect(try await fault([check(authority), check(absent)], .milliseconds(300)) == nil)
        hung.release()
    }
}
