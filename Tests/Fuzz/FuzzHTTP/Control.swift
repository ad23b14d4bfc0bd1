import Fuzzing
import IPTypes
import Services
import SpeakerCore
import Wording

@testable import ControlSocket

/// A request line without its version. What is taken means the same when it is written and read again, and whoever only
/// monitors changes nothing.
func checkRequest(_ line: [UInt8], _ audience: Audience) {
    let parts = String(decoding: line, as: UTF8.self).unicodeScalars.split(
        separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return }
    let (method, target) = (String(parts[0]), String(parts[1]))
    let route = Route(method, target, for: audience)
    switch route {
    case .refused(let response):
        require([400, 404, 405].contains(response.code), "refused with \(response.code)")
        require(response.body.hasSuffix("\n"), "no line: \(response.body)")
        requireOneLine(String(response.body.dropLast()))
    case .request(let request, let waitSeconds):
        require(method == (request.changesState ? "POST" : "GET"), "\(method) is \(request)")
        require(audience != .monitoring || !request.changesState, "whoever monitors may \(request)")
        require((0...Route.longestWaitSeconds).contains(waitSeconds), "waits for \(waitSeconds) s")
        if case .drain(let reason, let wait, _, _) = request {
            require(wait == (waitSeconds > 0), "\(request) for \(waitSeconds) s")
            if let reason { require(!reason.isEmpty && DrainReason.fault(of: reason) == nil, "the reason \(reason)") }
        }
        let again = written(request, waitSeconds)
        require(Route(method, again, for: audience) == route, "\(target) is something else when written as \(again)")
    }
}

/// The target of a request.
private func written(_ request: ControlRequest, _ waitSeconds: Int) -> String {
    var parameters: [(String, String)] = []
    let path: String
    switch request {
    case .status(let scope):
        path = "/v1/status"
        switch scope.routes {
        case .none: parameters.append(("routes", "none"))
        case .of(let peer): parameters.append(("routes", peer))
        case .all: break
        }
        if let vip = scope.vip { parameters.append(("vip", "\(vip)")) }
        parameters.append(("position", "\(scope.position)"))
    case .drain(let reason, _, let vip, let keepsSessions):
        path = "/v1/drain"
        parameters = [("wait", "\(waitSeconds)"), ("keep-sessions", "\(keepsSessions)")]
        if let reason { parameters.append(("reason", reason)) }
        if let vip { parameters.append(("vip", "\(vip)")) }
    case .undrain(let vip):
        path = "/v1/undrain"
        if let vip { parameters.append(("vip", "\(vip)")) }
    case .events(let number, let seconds):
        path = "/v1/events"
        parameters = [("after", "\(number)")]
        if let seconds { parameters.append(("seconds", "\(seconds)")) }
    case .services(let name):
        path = "/v1/services"
        if let name { parameters = [("name", "\(name)")] }
    case .page: path = "/"
    case .reload(let isDryRun):
        path = "/v1/reload"
        parameters = [("dry-run", "\(isDryRun)")]
    case .metrics: path = "/metrics"
    case .livez: path = "/livez"
    case .readyz: path = "/readyz"
    }
    let query = parameters.map { name, value in
        let encoded = percentEncoded(value)
        require(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x26 }, "\(encoded) is no parameter")
        require(percentDecoded(encoded[...]) == value, "\(value) comes back from \(encoded) as something else")
        return "\(name)=\(encoded)"
    }
    return query.isEmpty ? path : path + "?" + query.joined(separator: "&")
}

/// What the command line gets from the socket. What is taken is complete, and refused if an octet is missing.
func checkResponse(_ bytes: [UInt8]) {
    do throws(HTTPResponseText.Fault) {
        let response = try HTTPResponseText(bytes)
        require(response.body.count < bytes.count, "\(response.body.count) octets of \(bytes.count)")
        let head = Array("HTTP/1.1 \(response.code)\r\nContent-Length: \(response.body.count)\r\n\r\n".utf8)
        let again = try? HTTPResponseText(head + response.body)
        require(again?.code == response.code && again?.body == response.body, "\(response.code) comes back changed")
        do throws(HTTPResponseText.Fault) {
            _ = try HTTPResponseText(Array((head + response.body).dropLast()))
            require(false, "without its last octet it is taken")
        } catch {
            require(error == .cut, "without its last octet: \(error)")
        }
        let words = printable(String(decoding: response.body, as: UTF8.self))
        if !words.isEmpty { requireOneLine(words) }
    } catch {
        requireOneLine(error.rawValue)
        require(bytes.isEmpty == (error == .empty), "\(error)")
    }
}
