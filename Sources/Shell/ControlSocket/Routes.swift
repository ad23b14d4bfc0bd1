import NIOHTTP1
import SpeakerCore

/// Which requests a socket takes.
enum Audience: Sendable, Hashable {
    /// The unix socket: everything. Requests that change state are for these user ids.
    case operators(UserIDs)
    /// The TCP endpoint: only what may be read by anyone.
    case monitoring

    /// User ids, as the kernel tells them.
    typealias UserIDs = Set<UInt32>
}

/// What a request line means.
enum Route: Hashable {
    /// A request to hand to the daemon, and how many seconds more than usual it may take.
    case request(ControlRequest, waitSeconds: Int)
    /// A request that is answered without asking the daemon.
    case refused(ControlResponse)

    /// The longest a client may wait for the end of a drain: more than the settings let it take.
    static let longestWaitSeconds = 2 * 3600 + 60

    /// Reads a request line: `POST /v1/drain?wait=60&reason=new%20kernel`.
    init(_ method: HTTPMethod, _ target: String, for audience: Audience) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first.map(String.init) ?? ""
        let query = parts.count > 1 ? String(parts[1]) : ""
        switch (path, audience) {
        case ("/metrics", _): self.init(method, .GET, query) { .request(.metrics, waitSeconds: 0) }
        case ("/livez", _), ("/healthz", _): self.init(method, .GET, query) { .request(.livez, waitSeconds: 0) }
        case ("/readyz", _): self.init(method, .GET, query) { .request(.readyz, waitSeconds: 0) }
        case ("/v1/status", .operators): self.init(method, .GET, query) { .request(.status, waitSeconds: 0) }
        case ("/v1/undrain", .operators): self.init(method, .POST, query) { .request(.undrain, waitSeconds: 0) }
        case ("/v1/drain", .operators):
            guard method == .POST else {
                self = .refused(.wrongMethod(.POST))
                return
            }
            self = Route.drain(query)
        default:
            self = .refused(.text(404, "there is nothing at this path"))
        }
    }

    private init(_ method: HTTPMethod, _ expected: HTTPMethod, _ query: String, _ route: () -> Route) {
        if method != expected {
            self = .refused(.wrongMethod(expected))
        } else if !query.isEmpty {
            self = .refused(.text(400, "this path takes no parameters"))
        } else {
            self = route()
        }
    }

    private static func drain(_ query: String) -> Route {
        var reason: String?
        var waitSeconds = 0
        for parameter in query.split(separator: "&") {
            let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, let value = percentDecoded(pair[1]) else {
                return .refused(.text(400, "the parameters are not of the form name=value with %XX escapes"))
            }
            switch pair[0] {
            case "wait":
                guard let seconds = Int(value), (0...longestWaitSeconds).contains(seconds) else {
                    return .refused(.text(400, "wait must be a number of seconds from 0 to \(longestWaitSeconds)"))
                }
                waitSeconds = seconds
            case "reason":
                if let fault = DrainReason.fault(of: value) { return .refused(.text(400, fault)) }
                reason = value.isEmpty ? nil : value
            default:
                return .refused(.text(400, "drain takes the parameters wait and reason only"))
            }
        }
        return .request(.drain(reason: reason, wait: waitSeconds > 0), waitSeconds: waitSeconds)
    }
}

extension ControlResponse {
    static func wrongMethod(_ expected: HTTPMethod) -> ControlResponse {
        .text(405, "this path takes \(expected.rawValue) only")
    }
}
