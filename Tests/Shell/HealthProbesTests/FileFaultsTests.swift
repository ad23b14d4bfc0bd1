import Health
import IPTypes
import TestSupport
import Testing

@testable import HealthProbes

/// What `bgpvip check` says about the files that a check names.
@Suite struct `Files that a check names` {
    private let directory = try? TemporaryDirectory()
    private let target = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443)

    private func file(_ name: String, _ text: String) throws -> String {
        try #require(directory).write(name, text)
    }

    private func faults(_ tls: HTTPCheck.TLSOptions?, token: String? = nil) -> [String] {
        let http = HTTPCheck(target: target, path: "/", host: "127.0.0.1", tls: tls, bearerTokenFile: token)
        return fileFaults(of: Check(name: "api", kind: .http(http))).map(\.reason)
    }

    @Test func `that are good have no fault`() throws {
        let ca = try file("ca.crt", TestCertificates.authority)
        let certificate = try file("tls.crt", TestCertificates.serverCertificate)
        let key = try file("tls.key", TestCertificates.serverKey)
        let options = HTTPCheck.TLSOptions(caFile: ca, certificateFile: certificate, keyFile: key, verifies: true)
        #expect(faults(options, token: try file("token", "abc\n")) == [])
        #expect(faults(nil) == [])
        #expect(fileFaults(of: Check(name: "port", kind: .tcp(target))) == [])
    }

    @Test func `are all looked at`() throws {
        let empty = try file("empty", "")
        let options = HTTPCheck.TLSOptions(
            caFile: "/nowhere/ca.crt", certificateFile: empty, keyFile: empty, verifies: true)
        #expect(
            faults(options, token: empty) == [
                "cannot read the CA file /nowhere/ca.crt: No such file or directory",
                "the client certificate \(empty) holds no PEM certificate",
                "the client key \(empty) holds no PEM key without a passphrase",
                "the bearer token file \(empty) must hold one token and nothing else",
            ])
    }

    @Test func `must fit together`() throws {
        let certificate = try file("tls.crt", TestCertificates.authority)
        let key = try file("tls.key", TestCertificates.serverKey)
        #expect(
            faults(HTTPCheck.TLSOptions(certificateFile: certificate, keyFile: key, verifies: false)) == [
                "the client certificate \(certificate) and the client key \(key) do not fit together"
            ])
    }

    @Test func `a program must be there and executable`() throws {
        func faults(_ program: String) -> [String] {
            fileFaults(of: Check(name: "probe", kind: .exec([program, "-x"]))).map(\.reason)
        }
        let text = try file("probe", "#!/bin/sh\n")
        #expect(faults("/bin/sh") == [])
        #expect(faults("/nowhere/probe") == ["cannot run /nowhere/probe: No such file or directory"])
        #expect(faults(text) == ["cannot run \(text): Permission denied"])
        #expect(faults("/") == ["cannot run /: it is a directory"])
    }
}
