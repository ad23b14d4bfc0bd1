import IPTypes
package import Services
package import SpeakerCore
import Wording

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

    /// Asks how everything is, page by page, for as long as `isWanted` says of what is there that more is wanted.
    package func status(
        _ scope: StatusScope = StatusScope(), while isWanted: (Status) -> Bool = { _ in true }
    ) throws(ControlClientError) -> Status {
        var whole: Status = try ask("GET", "/v1/status" + scope.query, within: timeout)
        var page = scope
        while let next = whole.next, next > page.position, isWanted(whole) {
            page.position = next
            whole.append(try ask("GET", "/v1/status" + page.query, within: timeout))
        }
        return whole
    }

    /// Asks for the events with a higher number than `number`, of the last `seconds` seconds only: a page of them.
    package func events(after number: Int, seconds: Int? = nil) throws(ControlClientError) -> EventPage {
        try ask("GET", "/v1/events?after=\(number)" + (seconds.map { "&seconds=\($0)" } ?? ""), within: timeout)
    }

    /// Asks how Services of type LoadBalancer stand: all that are served, or one.
    package func services(_ name: ObjectName? = nil) throws(ControlClientError) -> ServicesStatus {
        let query = name.map { "?name=" + percentEncoded("\($0)") } ?? ""
        return try ask("GET", "/v1/services" + query, within: timeout)
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
        return try completed(ask("POST", "/v1/drain?" + parameters, within: timeout + .seconds(waitSeconds)), vip)
    }

    /// Comes back into service, or brings one VIP back. Returns the status then.
    package func undrain(vip: String? = nil) throws(ControlClientError) -> Status {
        try completed(
            ask("POST", "/v1/undrain" + (vip.map { "?vip=" + percentEncoded($0) } ?? ""), within: timeout), vip)
    }

    /// The status of which an answer has the first page only; without routes, which are not looked for there.
    private func completed(_ page: Status, _ vip: String?) throws(ControlClientError) -> Status {
        guard page.next != nil else { return page }
        return try status(StatusScope(routes: .none, vip: vip.flatMap { IPPrefix(parsing: $0) }))
    }

    /// Has the daemon read its settings anew; with `isDryRun` it only says what would change.
    package func reload(isDryRun: Bool) throws(ControlClientError) -> ReloadAnswer {
        let response = try exchange("POST", "/v1/reload" + (isDryRun ? "?dry-run=true" : ""), within: timeout)
        return try decoded(response, from: [200, 422])
    }

    private func ask<Answer: Decodable>(
        _ method: String, _ target: String, within time: Duration
    ) throws(ControlClientError) -> Answer {
        try decoded(exchange(method, target, within: time), from: [200])
    }

    private func exchange(
        _ method: String, _ target: String, within time: Duration
    ) throws(ControlClientError) -> HTTPResponseText {
        let request = "\(method) \(target) HTTP/1.1\r\nHost: bgpvip\r\nContent-Length: 0\r\n\r\n"
        let answer = try UnixSocketExchange(path: path, timeout: time).send(Array(request.utf8))
        do throws(HTTPResponseText.Fault) {
            return try HTTPResponseText(answer)
        } catch {
            throw error == .empty ? .ended(path: path) : .garbage(path: path, detail: error.rawValue)
        }
    }

    /// What the response holds; any but these codes is a refusal.
    private func decoded<Answer: Decodable>(
        _ response: HTTPResponseText, from codes: Set<Int>
    ) throws(ControlClientError) -> Answer {
        guard codes.contains(response.code) else {
            let words = printable(String(decoding: response.body, as: UTF8.self))
            throw .refused(code: response.code, words: words.isEmpty ? "HTTP status \(response.code)" : words)
        }
        do {
            return try Answer(json: response.body)
        } catch {
            throw .garbage(path: path, detail: wordsOfDecodingError(error))
        }
    }
}

extension StatusScope {
    /// As a request has it: `?routes=none&vip=192.0.2.10%2F32&position=100`, or nothing for all.
    fileprivate var query: String {
        var parameters: [String] = []
        switch routes {
        case .none: parameters.append("routes=none")
        case .of(let peer): parameters.append("routes=" + percentEncoded(peer))
        case .all: break
        }
        if let vip { parameters.append("vip=" + percentEncoded("\(vip)")) }
        if position > 0 { parameters.append("position=\(position)") }
        return parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&")
    }
}
