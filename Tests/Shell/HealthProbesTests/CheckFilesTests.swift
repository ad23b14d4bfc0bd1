import Glibc
import Health
import IPTypes
import TestSupport
import Testing

@testable import HealthProbes

/// The certificates and keys of a check, as its connections use them.
@Suite struct `The files of a check` {
    private let directory: TemporaryDirectory
    private let certificate: String
    private let key: String

    init() throws {
        directory = try TemporaryDirectory()
        certificate = try directory.write("tls.crt", TestCertificates.clientCertificate)
        key = try directory.write("tls.key", TestCertificates.serverKey)
    }

    private var check: HTTPCheck {
        HTTPCheck(
            target: SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443), path: "/", host: "127.0.0.1",
            tls: HTTPCheck.TLSOptions(certificateFile: certificate, keyFile: key, verifies: false))
    }

    /// Writes another key, of the same length, as if it had been written at this moment.
    private func write(key text: String, at moment: timespec) throws {
        _ = try directory.write("tls.key", text)
        #expect(utimensat(AT_FDCWD, key, [moment, moment], 0) == 0)
    }

    @Test func `that do not fit together are not tried again until one changes`() throws {
        var info = stat()
        #expect(stat(key, &info) == 0)
        let stamp = FileStamp(path: key)
        var files = CheckFiles(of: check)
        let fault = "the client certificate \(certificate) and the client key \(key) do not fit together"
        files.read()
        #expect(files.fault?.reason == fault)
        // For all that can be seen this is the same file: each try would cost memory that is never freed.
        try write(key: TestCertificates.clientKey, at: info.st_mtim)
        #expect(FileStamp(path: key) == stamp)
        files.read()
        #expect(files.fault?.reason == fault)
        #expect(!files.areRead)
        info.st_mtim.tv_sec += 1
        try write(key: TestCertificates.clientKey, at: info.st_mtim)
        files.read()
        #expect(files.fault == nil)
        #expect(files.areRead)
    }

    @Test func `that cannot be read are tried again each time`() throws {
        unlink(key)
        var files = CheckFiles(of: check)
        files.read()
        #expect(files.fault?.reason == "cannot read the client key \(key): No such file or directory")
        _ = try directory.write("tls.key", TestCertificates.clientKey)
        files.read()
        #expect(files.fault == nil)
        #expect(files.areRead)
    }
}
