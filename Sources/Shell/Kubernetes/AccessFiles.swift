import Glibc
import Health
import KubernetesAPI
import NIOCore
import NIOSSL
import Synchronization

/// What a connection to the API needs, as the files say at that moment.
struct AccessMaterial: Sendable {
    var access: APIAccess
    var address: SocketAddress
    var tls: NIOSSLContext
    /// The value of the header `Authorization`; nil with a client certificate.
    var authorization: String?
}

/// Reads what a connection needs: certificates, keys, a token, and the address of a name. Blocks for as long as a disk or a
/// name server does: not for the event loop.
final class AccessFiles: Sendable {
    private let load: @Sendable () -> Result<APIAccess, APIFailure>
    /// The last TLS context, or why there is none, and what it was made of: it is costly, and its parts seldom change. What
    /// swift-nio-ssl 2.37.6 had made of a context that it could not complete is never freed.
    private let last = Mutex<(parts: [[UInt8]], context: Result<NIOSSLContext, APIFailure>)?>(nil)

    /// `load` says where the API is, and is asked each time.
    init(_ load: @escaping @Sendable () -> Result<APIAccess, APIFailure>) { self.load = load }

    func read() -> Result<AccessMaterial, APIFailure> {
        do throws(APIFailure) {
            let access = try load().get()
            var authorization: String?
            var identity: (certificate: [UInt8], key: [UInt8])?
            switch access.credentials {
            case .token(let material):
                authorization = "Bearer \(try token(material))"
            case .certificate(let certificate, let key):
                identity = (try bytes(certificate, "client certificate"), try bytes(key, "client key"))
            }
            let authority = try access.authority.map { material throws(APIFailure) in try bytes(material, "CA file") }
            return .success(
                AccessMaterial(
                    access: access, address: try address(of: access), tls: try context(access, authority, identity),
                    authorization: authorization))
        } catch {
            return .failure(error)
        }
    }

    private func address(of access: APIAccess) throws(APIFailure) -> SocketAddress {
        if let address = try? SocketAddress(ipAddress: access.host, port: Int(access.port)) { return address }
        do {
            return try SocketAddress.makeAddressResolvingHost(access.host, port: Int(access.port))
        } catch {
            throw .transport(
                "no address is known for the API server \(access.host): check the name, or give an address")
        }
    }

    private func token(_ material: APIAccess.Material) throws(APIFailure) -> String {
        guard let token = bearerToken(in: try bytes(material, "token file")) else {
            throw .access("the token\(material.place) must be one word and nothing else")
        }
        return token
    }

    private func context(
        _ access: APIAccess, _ authority: [UInt8]?, _ identity: (certificate: [UInt8], key: [UInt8])?
    ) throws(APIFailure) -> NIOSSLContext {
        let parts = [authority ?? [], identity?.certificate ?? [], identity?.key ?? []]
        if let made = last.withLock({ $0?.parts == parts ? $0?.context : nil }) { return try made.get() }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = ["http/1.1"]
        // The default of 5 s holds some 25 kB for each closed connection until the server says goodbye too.
        configuration.shutdownTimeout = .milliseconds(50)
        configuration.certificateVerification = .fullVerification
        if let authority, let material = access.authority {
            guard let found = try? NIOSSLCertificate.fromPEMBytes(authority), !found.isEmpty else {
                throw .access("the CA\(material.place) holds no PEM certificate")
            }
            configuration.trustRoots = .certificates(found)
        }
        if let identity, case .certificate(let certificate, let key) = access.credentials {
            guard let chain = try? NIOSSLCertificate.fromPEMBytes(identity.certificate), !chain.isEmpty else {
                throw .access("the client certificate\(certificate.place) holds no PEM certificate")
            }
            guard let privateKey = try? NIOSSLPrivateKey(bytes: identity.key, format: .pem) else {
                throw .access("the client key\(key.place) holds no PEM key without a passphrase")
            }
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(privateKey)
        }
        let made = Result { try NIOSSLContext(configuration: configuration) }.mapError { _ in
            APIFailure.access(
                identity == nil
                    ? "the system has no store of certificate authorities: give a CA"
                    : "the client certificate and the client key do not fit together")
        }
        last.withLock { $0 = (parts, made) }
        return try made.get()
    }
}

/// The content of a small text: given, or in a file.
func bytes(_ material: APIAccess.Material, _ role: String) throws(APIFailure) -> [UInt8] {
    switch material {
    case .bytes(let bytes): return bytes
    case .file(let path): return try contents(of: path, role: role)
    }
}

private func contents(of path: String, role: String) throws(APIFailure) -> [UInt8] {
    let most = 1 << 20
    // A named pipe without a writer would be waited for.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw .access("cannot read the \(role) \(path): \(systemText(errno))") }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 * 1024)
    while bytes.count <= most {
        let count = read(file, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw .access("cannot read the \(role) \(path): \(systemText(errno))") }
        if count == 0 { return bytes }
        bytes += chunk.prefix(count)
    }
    throw .access("the \(role) \(path) is larger than 1 MiB")
}

/// The system's text for an error number.
func systemText(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
}

extension APIAccess.Material {
    /// For sentences: where it lies, if it is a file.
    fileprivate var place: String {
        if case .file(let path) = self { " in \(path)" } else { " in the kubeconfig" }
    }
}
