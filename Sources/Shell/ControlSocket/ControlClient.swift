package import SpeakerCore

/// The command line's end of the control socket. Blocks; never used in the daemon.
package struct ControlClient: Sendable {
    /// Where the socket is unless told otherwise.
    package static let defaultPath = "/run/bgpvip/bgpvip.sock"

    /// The longest `drain` can wait: longer than any drain takes.
    package static let longestWaitSeconds = Route.longestWaitSeconds

    private let path: String
    private let timeout: Duration

    /// A client that waits `timeout` for an answer; a little longer than the daemon's own patience, so that its words
    /// arrive.
    package init(_ path: String, timeout: Duration = .seconds(12)) {
        self.path = path
        self.timeout = timeout
    }

    /// Asks how everything is.
    package func status() throws(ControlClientError) -> Status {
        try ask("GET", "/v1/status", within: timeout)
    }

    /// Begins to drain, and with `waitSeconds` returns only when the node is drained or the time is up, which is a
    /// `refused` with code 504. Returns the status then.
    /// With `vip`, a configured prefix, only that VIP is drained.
    package func drain(
        vip: String? = nil, reason: String? = nil, keepsSessions: Bool = false, waitSeconds: Int = 0
    ) throws(ControlClientError) -> Status {
        let parameters =
            "wait=\(waitSeconds)" + (reason.map { "&reason=" + percentEncoded($0) } ?? "")
            + (vip.map { "&vip=" + percentEncoded($0) } ?? "") + (keepsSessions ? "&keep-sessions=true" : "")
        return try ask("POST", "/v1/drain?" + parameters, within: timeout + .seconds(waitSeconds))
    }

    /// Comes back into service, or brings one VIP back. Returns the status then.
    package func undrain(vip: String? = nil) throws(ControlClientError) -> Status {
        try ask("POST", "/v1/undrain" + (vip.map { "?vip=" + percentEncoded($0) } ?? ""), within: timeout)
    }

    private func ask(_ method: String, _ target: String, within time: Duration) throws(ControlClientError) -> Status {
        let request = "\(method) \(target) HTTP/1.1\r\nHost: bgpvip\r\nContent-Length: 0\r\n\r\n"
        let answer = try UnixSocketExchange(path: path, timeout: time).send(Array(request.utf8))
        let response: HTTPResponseText
        do throws(HTTPResponseText.Fault) {
            response = try HTTPResponseText(answer)
        } catch {
            throw error == .empty ? .ended(path: path) : .garbage(path: path, detail: error.rawValue)
        }
        guard response.code == 200 else {
            let words = printable(String(decoding: response.body, as: UTF8.self))
            throw .refused(code: response.code, words: words.isEmpty ? "HTTP status \(response.code)" : words)
        }
        do {
            return try Status(json: response.body)
        } catch {
            throw .garbage(path: path, detail: wordsOfDecodingError(error))
        }
    }
}
