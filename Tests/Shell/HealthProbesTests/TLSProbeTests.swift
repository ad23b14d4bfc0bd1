import Health
import NIOCore
import NIOSSL
import Synchronization
import TestSupport
import Testing

@testable import HealthProbes

extension NIOSSLContext {
    /// A server's context, by default for 127.0.0.1 and kubernetes.
    static func server(
        certificate: String = TestCertificates.serverCertificate, key: String = TestCertificates.serverKey,
        asksForClient: Bool = false
    ) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
        if asksForClient {
            configuration.certificateVerification = .noHostnameVerification
            let authorities = try NIOSSLCertificate.fromPEMBytes(Array(TestCertificates.authority.utf8))
            configuration.trustRoots = .certificates(authorities)
        }
        return try NIOSSLContext(configuration: configuration)
    }
}

@Suite("HTTPS probes", .timeLimit(.minutes(1)))
struct TLSProbeTests {
    private let directory: TemporaryDirectory
    private let authority: String
    private let otherAuthority: String

    init() throws {
        directory = try TemporaryDirectory()
        authority = try directory.write("ca.crt", TestCertificates.authority)
        otherAuthority = try directory.write("other.crt", TestCertificates.otherAuthority)
    }

    private func outcome(
        of service: TestService, host: String = "127.0.0.1", _ options: HTTPCheck.TLSOptions
    ) async throws -> Probing.Seen {
        var probing = try await Probing(service.http(host: host, tls: options))
        return await probing.outcome()
    }

    @Test("The right authority passes, by address and by name")
    func rightAuthority() async throws {
        let service = try await TestService(tls: .server()) { _ in .answer() }
        for host in ["127.0.0.1", "kubernetes", "kubernetes:6443"] {
            let options = HTTPCheck.TLSOptions(caFile: authority, verifies: true)
            #expect(try await outcome(of: service, host: host, options) == .passed)
        }
    }

    @Test("The wrong authority fails")
    func wrongAuthority() async throws {
        let service = try await TestService(tls: .server()) { _ in .answer() }
        let options = HTTPCheck.TLSOptions(caFile: otherAuthority, verifies: true)
        let reason =
            "certificate verify failed: not issued by an authority in \(otherAuthority), or not valid at this time"
        #expect(try await outcome(of: service, options) == .failed(reason))
    }

    @Test("An expired certificate fails, and passes without verification")
    func expired() async throws {
        let context = try NIOSSLContext.server(
            certificate: TestCertificates.expiredCertificate, key: TestCertificates.expiredKey)
        let service = try await TestService(tls: context) { _ in .answer() }
        let reason = "certificate verify failed: not issued by an authority in \(authority), or not valid at this time"
        let options = HTTPCheck.TLSOptions(caFile: authority, verifies: true)
        #expect(try await outcome(of: service, options) == .failed(reason))
        #expect(try await outcome(of: service, HTTPCheck.TLSOptions(verifies: false)) == .passed)
    }

    @Test("A certificate for another name fails")
    func otherName() async throws {
        let context = try NIOSSLContext.server(
            certificate: TestCertificates.namedCertificate, key: TestCertificates.namedKey)
        let service = try await TestService(tls: context) { _ in .answer() }
        let options = HTTPCheck.TLSOptions(caFile: authority, verifies: true)
        #expect(try await outcome(of: service, host: "kubernetes", options) == .passed)
        let names = ", but for kubernetes; give one of its names as --check-host"
        let neither = "certificate verify failed: the certificate is for neither etcd nor \(service.name)\(names)"
        #expect(try await outcome(of: service, host: "etcd", options) == .failed(neither))
        let not = "certificate verify failed: the certificate is not for \(service.name)\(names)"
        #expect(try await outcome(of: service, options) == .failed(not))
    }

    @Test("The client certificate is shown where it is asked for; without one the reason says so")
    func clientCertificate() async throws {
        let service = try await TestService(tls: .server(asksForClient: true)) { _ in .answer() }
        let options = HTTPCheck.TLSOptions(
            caFile: authority, certificateFile: try directory.write("client.crt", TestCertificates.clientCertificate),
            keyFile: try directory.write("client.key", TestCertificates.clientKey), verifies: true)
        #expect(try await outcome(of: service, options) == .passed)
        let reason =
            "TLS refused by \(service.name): it asks for a client certificate (TLSV1_ALERT_CERTIFICATE_REQUIRED)"
        let without = HTTPCheck.TLSOptions(caFile: authority, verifies: true)
        #expect(try await outcome(of: service, without) == .failed(reason))
    }

    @Test("The name is sent as SNI, an address is not")
    func serverName() async throws {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(TestCertificates.serverCertificate.utf8))
                .map { .certificate($0) },
            privateKey: .privateKey(
                try NIOSSLPrivateKey(bytes: Array(TestCertificates.serverKey.utf8), format: .pem)))
        let recorder = Recorder()
        configuration.sslContextCallback = { values, promise in
            recorder.names.withLock { $0.append(values.serverHostname) }
            promise.succeed(.noChanges)
        }
        let service = try await TestService(tls: NIOSSLContext(configuration: configuration)) { _ in .answer() }
        for host in ["kubernetes", "kubernetes:6443", "127.0.0.1", "127.0.0.1:6443", "[::1]:6443", "::1"] {
            let options = HTTPCheck.TLSOptions(verifies: false)
            #expect(try await outcome(of: service, host: host, options) == .passed)
        }
        #expect(recorder.names.withLock { $0 } == ["kubernetes", "kubernetes", nil, nil, nil, nil])
    }

    private final class Recorder: Sendable {
        let names = Mutex<[String?]>([])
    }

    @Test("HTTP/1.1 is offered, and nothing else")
    func applicationProtocols() async throws {
        let service = try await TestService { _ in .hang }
        var probing = try await Probing(
            service.http(tls: HTTPCheck.TLSOptions(verifies: false)), timeout: .seconds(2))
        await probing.probe(
            gives: .failed("no answer within 2000 ms (connected, waiting for the TLS handshake)"))
        // The extension's list: its length, then each name behind its length.
        #expect(service.received.contains("\u{0}\u{9}\u{8}http/1.1"))
    }

    @Test("A service without TLS is told as that")
    func noTLS() async throws {
        let service = try await TestService(greeting: "HTTP/1.1 400 Bad Request\r\n\r\n") { _ in .hang }
        let reason = "\(service.name) does not answer in TLS (WRONG_VERSION_NUMBER)"
        #expect(try await outcome(of: service, HTTPCheck.TLSOptions(verifies: false)) == .failed(reason))
    }

    @Test("The reason of a timeout says how far the probe got")
    func timeouts() async throws {
        let options = HTTPCheck.TLSOptions(verifies: false)
        let silent = try await TestService { _ in .hang }
        var probing = try await Probing(silent.http(tls: options), timeout: .seconds(2))
        let noHandshake = "no answer within 2000 ms (connected, waiting for the TLS handshake)"
        await probing.probe(gives: .failed(noHandshake))
        let hanging = try await TestService(tls: .server()) { _ in .hang }
        probing = try await Probing(hanging.http(tls: options), timeout: .seconds(2))
        let noResponse = "no answer within 2000 ms (connected, TLS done, waiting for the response)"
        await probing.probe(gives: .failed(noResponse))
    }

    @Test("A replaced CA file is used from the next connection on; one that cannot be used leaves the earlier in use")
    func rotation() async throws {
        let service = try await TestService(tls: .server()) { _ in .send(Reaction.closing) }
        let file = try directory.write("rotated.crt", TestCertificates.otherAuthority)
        var probing = try await Probing(service.http(tls: HTTPCheck.TLSOptions(caFile: file, verifies: true)))
        let failure = "certificate verify failed: not issued by an authority in \(file), or not valid at this time"
        await probing.probe(gives: .failed(failure))
        _ = try directory.write("rotated.crt", "half a file")
        let still = "; still using the earlier files because: the CA file \(file) holds no PEM certificate"
        await probing.probe(gives: .failed(failure + still))
        _ = try directory.write("rotated.crt", TestCertificates.authority)
        await probing.probe(gives: .passed)
        _ = try directory.write("rotated.crt", "")
        await probing.probe(gives: .passed)
    }

    @Test("Files that cannot be used fail the probe, each in its own words")
    func unusableFiles() async throws {
        let absent = directory.path + "/absent"
        let empty = try directory.write("empty", "")
        let certificate = try directory.write("client.crt", TestCertificates.clientCertificate)
        let key = try directory.write("client.key", TestCertificates.clientKey)
        let otherKey = try directory.write("server.key", TestCertificates.serverKey)
        let cases: [(HTTPCheck.TLSOptions, String)] = [
            (.init(caFile: absent, verifies: true), "cannot read the CA file \(absent): No such file or directory"),
            (
                .init(caFile: directory.path, verifies: true),
                "cannot read the CA file \(directory.path): Is a directory"
            ),
            (.init(caFile: empty, verifies: true), "the CA file \(empty) holds no PEM certificate"),
            (
                .init(certificateFile: empty, keyFile: key, verifies: false),
                "the client certificate \(empty) holds no PEM certificate"
            ),
            (
                .init(certificateFile: certificate, keyFile: empty, verifies: false),
                "the client key \(empty) holds no PEM key without a passphrase"
            ),
            (
                .init(certificateFile: certificate, keyFile: otherKey, verifies: false),
                "the client certificate \(certificate) and the client key \(otherKey) do not fit together"
            ),
            (
                .init(certificateFile: certificate, verifies: false),
                "the client certificate \(certificate) is useless without a client key"
            ),
            (.init(keyFile: key, verifies: false), "the client key \(key) is useless without a client certificate"),
        ]
        let service = try await TestService { _ in .hang }
        for (options, reason) in cases {
            #expect(try await outcome(of: service, options) == .failed(reason))
        }
        #expect(service.connections == 0)
        await #expect(throws: CheckUnusable(reason: "\"\" is no name to ask a TLS server for")) {
            try await Probing(service.http(host: "", tls: .init(verifies: false)))
        }
    }
}

extension Reaction {
    fileprivate static let closing = text("200 OK", "ok", headers: "Connection: close\r\n")
}
