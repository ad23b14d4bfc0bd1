package import Health
package import NIOCore
import NIOSSL

/// The files of an HTTP check, with what they held when they were last read: certificates, keys, a token.
///
/// A TLS context is costly and made anew only when a file it came from has changed. If the new files cannot be used, the
/// old ones stay in use. Reading blocks for as long as a hung mount does, so it is not for the event loop.
struct CheckFiles: Sendable {
    private let tls: HTTPCheck.TLSOptions?
    private let tokenFile: String?
    /// Of the files that a context was last made of, or could not be made of.
    private var stamps: [FileStamp?]?
    /// Nil without TLS, and while the files have not been read or could not be used.
    private(set) var context: NIOSSLContext?
    /// Nil if the check has no token, or it has not been read.
    private(set) var token: Result<String, CheckUnusable>?
    /// Why the present certificates and keys are not in use.
    private(set) var fault: CheckUnusable?

    init(of check: HTTPCheck) {
        tls = check.tls
        tokenFile = check.bearerTokenFile
    }

    /// The paths.
    var names: [String] { [tls?.caFile, tls?.certificateFile, tls?.keyFile, tokenFile].compactMap { $0 } }

    /// True if there is all that a connection needs, be it from an earlier reading.
    var areRead: Bool { (tls == nil || context != nil) && (tokenFile == nil || token != nil) }

    /// Reads what has changed.
    mutating func read() {
        if let tls {
            let present = tls.stamps
            if present != stamps {
                do throws(CheckUnusable) {
                    let configuration = try tls.makeConfiguration()
                    stamps = present
                    context = try tls.makeContext(configuration)
                    fault = nil
                } catch {
                    fault = error
                }
            }
        }
        if let tokenFile {
            token = Result { () throws(CheckUnusable) in try bearerToken(in: tokenFile) }
        }
    }
}

/// Reads the certificates and keys that checks name, for at most so long, and reports the first that cannot be used; nil
/// if all can, or if they cannot be read in that time: then it is for the probes to say so.
package func firstUnusableFile(
    of checks: [Check], on loop: any EventLoop, within limit: Duration, report: @escaping (CheckUnusable?) -> Void
) {
    let needed = checks.compactMap { check -> CheckFiles? in
        guard case .http(let http) = check.kind, http.tls != nil else { return nil }
        let files = CheckFiles(of: http)
        return files.names.isEmpty ? nil : files
    }
    guard !needed.isEmpty else { return report(nil) }
    var isOver = false
    func end(_ fault: CheckUnusable?) {
        if !isOver { report(fault) }
        isOver = true
    }
    loop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) { end(nil) }
    let work: @Sendable () -> CheckUnusable? = {
        for var files in needed {
            files.read()
            if let fault = files.fault { return fault }
        }
        return nil
    }
    offLoop(loop, work) { end($0 ?? nil) }
}
