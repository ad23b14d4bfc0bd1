import Health
import IPTypes
import NIOCore
import NIOSSL

/// Makes the TLS side of a check's connections, and words what comes of it.
struct TLSClient {
    private let options: HTTPCheck.TLSOptions
    /// For SNI and verification; nil if the host is an address, which is verified against the connection instead.
    private let serverName: String?

    init(options: HTTPCheck.TLSOptions, host: String) throws(CheckUnusable) {
        self.options = options
        serverName = Self.serverName(of: host)
        // What SNI can carry.
        guard let serverName else { return }
        guard (1...255).contains(serverName.utf8.count), !serverName.utf8.contains(0) else {
            throw CheckUnusable(reason: "\"\(host)\" is no name to ask a TLS server for")
        }
    }

    /// The handler for a new connection.
    func makeHandler(_ context: NIOSSLContext) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: context, serverHostname: serverName)
    }

    /// Why the handshake failed, or what else came instead of an answer; `fault` is why earlier files are in use.
    func words(
        forHandshakeError error: any Error, with name: String, showing certificate: NIOSSLCertificate?,
        fault: CheckUnusable?
    ) -> String {
        let reason = words(for: error, with: name, showing: certificate)
        return fault.map { "\(reason); still using the earlier files because: \($0)" } ?? reason
    }

    private func words(for error: any Error, with name: String, showing certificate: NIOSSLCertificate?) -> String {
        let stack: NIOBoringSSLErrorStack
        switch error {
        case NIOSSLError.handshakeFailed(.sslError(let errors)), BoringSSLError.sslError(let errors):
            stack = errors
        case is NIOSSLExtraError, NIOSSLError.unableToValidateCertificate:
            let wanted = serverName.map { "for neither \($0) nor \(name)" } ?? "not for \(name)"
            return "certificate verify failed: the certificate is \(wanted)\(remedy(for: certificate))"
        default:
            return HealthProbes.words(for: error)
        }
        // "…:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at file:line"
        let code =
            stack.last.map { "\($0)".split(separator: ":").first { $0.contains(" at ") } ?? "" }?
            .split(separator: " ").first ?? "unknown error"
        switch code {
        case "CERTIFICATE_VERIFY_FAILED":
            let authorities = options.caFile ?? "the system's store"
            return "certificate verify failed: not issued by an authority in \(authorities), or not valid at this time"
        case "TLSV1_ALERT_CERTIFICATE_REQUIRED" where options.certificateFile == nil,
            "SSLV3_ALERT_HANDSHAKE_FAILURE" where options.certificateFile == nil:
            return "TLS refused by \(name): it asks for a client certificate (\(code))"
        case "TLSV1_ALERT_NO_APPLICATION_PROTOCOL":
            return "\(name) does not speak HTTP/1.1, which the check needs (\(code))"
        case "WRONG_VERSION_NUMBER", "HTTP_REQUEST":
            return "\(name) does not answer in TLS (\(code))"
        default:
            return "TLS with \(name) failed: \(code)"
        }
    }

    /// The names that a certificate has instead of the wanted one, and what to do with them.
    private func remedy(for certificate: NIOSSLCertificate?) -> String {
        guard let names = certificate?._subjectAlternativeNames() else { return "" }
        let most = 8
        let words = names.prefix(most).compactMap { name -> String? in
            let bytes = name.contents.withUnsafeBufferPointer { Array($0) }
            switch name.nameType {
            case .dnsName: return excerpt(of: bytes)
            case .ipAddress: return IPAddress(bytes: bytes[...]).map { "\($0)" }
            default: return nil
            }
        }
        guard !words.isEmpty else { return "; it names no host and no address: it is not for a server" }
        let more = names.count > most ? " and \(names.count - most) more" : ""
        return ", but for \(words.joined(separator: ", "))\(more); give one of its names as --check-host"
    }

    /// The host without its port; nil if it is an address.
    static func serverName(of host: String) -> String? {
        var name = Substring(host)
        if host.first == "[" || (try? SocketAddress(ipAddress: host, port: 0)) != nil { return nil }
        if let colon = host.lastIndex(of: ":") { name = host[..<colon] }
        return (try? SocketAddress(ipAddress: String(name), port: 0)) == nil ? String(name) : nil
    }
}

extension HTTPCheck.TLSOptions {
    var stamps: [FileStamp?] {
        [caFile, certificateFile, keyFile].map { $0.flatMap(FileStamp.init(path:)) }
    }

    /// What a context is made of. Reads the files.
    func makeConfiguration() throws(CheckUnusable) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        // A server that speaks HTTP/2 alone says so in the handshake.
        configuration.applicationProtocols = ["http/1.1"]
        // The default of 5 s holds some 25 kB for each closed connection until the service says goodbye too.
        configuration.shutdownTimeout = .milliseconds(50)
        configuration.certificateVerification = verifies ? .fullVerification : .none
        if let caFile, verifies {
            let authorities = try certificates(in: caFile, role: "CA file")
            configuration.trustRoots = .certificates(authorities)
        }
        switch (certificateFile, keyFile) {
        case (let certificateFile?, let keyFile?):
            let chain = try certificates(in: certificateFile, role: "client certificate")
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(try key(in: keyFile))
        case (nil, nil):
            break
        case (let certificateFile?, nil):
            throw CheckUnusable(reason: "the client certificate \(certificateFile) is useless without a client key")
        case (nil, let keyFile?):
            throw CheckUnusable(reason: "the client key \(keyFile) is useless without a client certificate")
        }
        return configuration
    }

    /// Makes a context. Not to be repeated with the same files after it failed: swift-nio-ssl 2.37.6 never frees what it had
    /// made of a context until then, with the system's authorities some hundred kilobytes.
    func makeContext(_ configuration: TLSConfiguration) throws(CheckUnusable) -> NIOSSLContext {
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw CheckUnusable(reason: contextFailure)
        }
    }

    private var contextFailure: String {
        if let certificateFile, let keyFile {
            return "the client certificate \(certificateFile) and the client key \(keyFile) do not fit together"
        }
        if let caFile { return "the CA file \(caFile) cannot be used" }
        return "the system has no store of certificate authorities: name a CA file"
    }

    fileprivate func key(in path: String) throws(CheckUnusable) -> NIOSSLPrivateKey {
        let bytes = try contents(of: path, role: "client key")
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            throw CheckUnusable(reason: "the client key \(path) holds no PEM key without a passphrase")
        }
    }

    fileprivate func certificates(in path: String, role: String) throws(CheckUnusable) -> [NIOSSLCertificate] {
        let bytes = try contents(of: path, role: role)
        guard let found = try? NIOSSLCertificate.fromPEMBytes(bytes), !found.isEmpty else {
            throw CheckUnusable(reason: "the \(role) \(path) holds no PEM certificate")
        }
        return found
    }
}

extension HTTPCheck {
    /// What is wrong with the files that the check names, each for itself, then with all of them together.
    func fileFaults() -> [CheckUnusable] {
        var faults: [CheckUnusable] = []
        func attempt(_ body: () throws(CheckUnusable) -> Void) {
            do throws(CheckUnusable) { try body() } catch { faults.append(error) }
        }
        if let tls {
            if let path = tls.caFile {
                attempt { () throws(CheckUnusable) in _ = try tls.certificates(in: path, role: "CA file") }
            }
            if let path = tls.certificateFile {
                attempt { () throws(CheckUnusable) in _ = try tls.certificates(in: path, role: "client certificate") }
            }
            if let path = tls.keyFile { attempt { () throws(CheckUnusable) in _ = try tls.key(in: path) } }
            if faults.isEmpty {
                attempt { () throws(CheckUnusable) in
                    _ = try TLSClient(options: tls, host: host)
                    _ = try tls.makeContext(tls.makeConfiguration())
                }
            }
        }
        if let path = bearerTokenFile {
            attempt { () throws(CheckUnusable) in _ = try bearerToken(in: path) }
        }
        return faults
    }
}
