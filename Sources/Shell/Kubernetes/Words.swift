import Glibc
import KubernetesAPI
import NIOCore
import NIOHTTP1
import NIOSSL

/// True for errors that only say that the connection has ended or is ending.
func isEndOfConnection(_ error: any Error) -> Bool {
    switch error {
    case let error as IOError: error.errnoCode == ECONNRESET || error.errnoCode == EPIPE
    case NIOSSLError.uncleanShutdown, NIOSSLError.handshakeFailed(.sslError([.eofDuringHandshake])): true
    case HTTPParserError.invalidEOFState, ChannelError.ioOnClosedChannel, ChannelError.eof: true
    default: false
    }
}

extension APIAccess {
    /// `the API server 10.96.0.1:443`.
    var words: String { "the API server \(endpoint)" }

    /// Why there is no connection.
    func words(forConnecting error: any Error) -> String {
        switch error {
        case let error as IOError: "cannot connect to \(words): \(systemText(error.errnoCode))"
        case ChannelError.connectTimeout: "\(words) does not answer"
        default: "cannot connect to \(words)"
        }
    }

    /// Why the TLS handshake failed, or what else went wrong on the connection.
    func words(forTLS error: any Error) -> String {
        switch error {
        case NIOSSLError.handshakeFailed(.sslError(let errors)): return words(of: errors)
        case BoringSSLError.sslError(let errors): return words(of: errors)
        case is NIOSSLExtraError, NIOSSLError.unableToValidateCertificate:
            return
                "the certificate of \(words) is not for \(serverName ?? host): use a name that it has, or give one as "
                + "tls-server-name in the kubeconfig"
        default: return "the connection to \(words) failed"
        }
    }

    private func words(of errors: NIOBoringSSLErrorStack) -> String {
        // "…:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at file:line"
        let code =
            errors.last.map { "\($0)".split(separator: ":").first { $0.contains(" at ") } ?? "" }?
            .split(separator: " ").first ?? "unknown error"
        switch code {
        case "CERTIFICATE_VERIFY_FAILED":
            let issuer =
                switch authority {
                case .file(let path): "the CA in \(path)"
                case .bytes: "the CA of the kubeconfig"
                case nil: "the system's authorities; give a certificate-authority"
                }
            return "the certificate of \(words) is not valid now, or not issued by \(issuer)"
        case "WRONG_VERSION_NUMBER", "HTTP_REQUEST": return "\(words) does not speak TLS"
        case "TLSV1_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_HANDSHAKE_FAILURE", "SSLV3_ALERT_BAD_CERTIFICATE",
            "TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_CERTIFICATE_EXPIRED":
            return "\(words) does not accept the client certificate (\(code)): renew it"
        default: return "TLS with \(words) failed: \(code)"
        }
    }
}
