package import Health
import IPTypes
package import NIOCore
import NIOPosix
import NIOSSL

/// Asks the service of a check for its certificate by a TLS handshake that verifies nothing. Nil without TLS, and if none
/// came within `limit`.
package func serverCertificate(
    of check: Check, on loop: any EventLoop, within limit: Duration
) -> EventLoopFuture<ServerCertificate?> {
    guard case .http(let http) = check.kind, http.tls != nil, let address = try? http.target.socketAddress() else {
        return loop.makeSucceededFuture(nil)
    }
    let found = loop.makePromise(of: ServerCertificate?.self)
    let reader = CertificateReader(found)
    ClientBootstrap(group: loop).connectTimeout(TimeAmount(limit))
        .channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(reader.handler(of: http.host))
            }
        }
        .connect(to: address)
        .whenComplete { result in
            guard case .success(let channel) = result else { return reader.end(nil) }
            channel.eventLoop.scheduleTask(in: TimeAmount(limit)) { channel.close(promise: nil) }
            channel.closeFuture.whenComplete { _ in reader.end(nil) }
        }
    return found.futureResult
}

/// Takes the certificate out of a handshake, and ends that. Everything happens on the loop.
private final class CertificateReader: @unchecked Sendable {
    private var found: EventLoopPromise<ServerCertificate?>?

    init(_ found: EventLoopPromise<ServerCertificate?>) {
        self.found = found
    }

    func end(_ certificate: ServerCertificate?) {
        found?.succeed(certificate)
        found = nil
    }

    func handler(of host: String) throws -> NIOSSLClientHandler {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = ["http/1.1"]
        // Nothing is verified against them, and the system may have none.
        configuration.trustRoots = .certificates([])
        return try NIOSSLClientHandler(
            context: NIOSSLContext(configuration: configuration), serverHostname: TLSClient.serverName(of: host),
            customVerificationCallback: { [self] chain, promise in
                end(chain.first.map(ServerCertificate.init))
                promise.succeed(.failed)
            })
    }
}

extension ServerCertificate {
    init(_ certificate: NIOSSLCertificate) {
        self.init(
            names: [], addresses: [], notBefore: Int64(certificate.notValidBefore),
            notAfter: Int64(certificate.notValidAfter))
        for name in certificate._subjectAlternativeNames() {
            let bytes = name.contents.withUnsafeBufferPointer { Array($0) }
            switch name.nameType {
            case .dnsName: names.append(excerpt(of: bytes))
            case .ipAddress: if let address = IPAddress(bytes: bytes[...]) { addresses.append(address) }
            default: break
            }
        }
    }
}
