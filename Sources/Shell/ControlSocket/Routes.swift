import IPTypes
import Services
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
    init(_ method: String, _ target: String, for audience: Audience) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first.map(String.init) ?? ""
        let query = parts.count > 1 ? String(parts[1]) : ""
        switch (path, audience) {
        case ("/", _): self.init(method, "GET", query) { .request(.page, waitSeconds: 0) }
        case ("/metrics", _): self.init(method, "GET", query) { .request(.metrics, waitSeconds: 0) }
        case ("/livez", _), ("/healthz", _): self.init(method, "GET", query) { .request(.livez, waitSeconds: 0) }
        case ("/readyz", _): self.init(method, "GET", query) { .request(.readyz, waitSeconds: 0) }
        case ("/v1/status", .operators):
            guard method == "GET" else {
                self = .refused(.wrongMethod("GET"))
                return
            }
            self = Route.status(query)
        case ("/v1/events", .operators):
            guard method == "GET" else {
                self = .refused(.wrongMethod("GET"))
                return
            }
            self = Route.events(query)
        case ("/v1/services", .operators):
            guard method == "GET" else {
                self = .refused(.wrongMethod("GET"))
                return
            }
            self = Route.services(query)
        case ("/v1/drain", .operators):
            guard method == "POST" else {
                self = .refused(.wrongMethod("POST"))
                return
            }
            self = Route.drain(query)
        case ("/v1/undrain", .operators):
            guard method == "POST" else {
                self = .refused(.wrongMethod("POST"))
                return
            }
            self = Route.undrain(query)
        case ("/v1/reload", .operators):
            guard method == "POST" else {
                self = .refused(.wrongMethod("POST"))
                return
            }
            self = Route.reload(query)
        default:
            self = .refused(.text(404, "there is nothing at this path"))
        }
    }

    private init(_ method: String, _ expected: String, _ query: String, _ route: () -> Route) {
        if method != expected {
            self = .refused(.wrongMethod(expected))
        } else if !query.isEmpty {
            self = .refused(.text(400, "this path takes no parameters"))
        } else {
            self = route()
        }
    }

    private static func status(_ query: String) -> Route {
        guard let parameters = parameters(query) else { return malformed }
        var scope = StatusScope()
        for (name, value) in parameters {
            switch name {
            case "routes":
                scope.routes =
                    switch value {
                    case "none": .none
                    case "all": .all
                    default: .of(value)
                    }
            case "vip":
                guard let prefix = IPPrefix(parsing: value) else { return noAddress }
                scope.vip = prefix
            case "position":
                guard let position = Int(value), position >= 0 else {
                    return .refused(.text(400, "position must be a number: the next of the page before"))
                }
                scope.position = position
            default: return .refused(.text(400, "status takes the parameters routes, vip and position only"))
            }
        }
        return .request(.status(scope), waitSeconds: 0)
    }

    private static func events(_ query: String) -> Route {
        guard let parameters = parameters(query) else { return malformed }
        var numbers: [String: Int] = [:]
        for (name, value) in parameters {
            guard ["after", "seconds"].contains(name), let number = Int(value), number >= 0 else {
                return .refused(.text(400, "events takes the parameters after and seconds only, which are numbers"))
            }
            numbers[name] = number
        }
        return .request(.events(after: numbers["after"] ?? 0, seconds: numbers["seconds"]), waitSeconds: 0)
    }

    private static func services(_ query: String) -> Route {
        guard let parameters = parameters(query) else { return malformed }
        var name: ObjectName?
        for (parameter, value) in parameters {
            guard parameter == "name", let value = ObjectName(value) else {
                return .refused(.text(400, "services takes the parameter name only, which is NAMESPACE/NAME"))
            }
            name = value
        }
        return .request(.services(name), waitSeconds: 0)
    }

    private static func drain(_ query: String) -> Route {
        var reason: String?
        var waitSeconds = 0
        var vip: IPPrefix?
        var keepsSessions = false
        guard let parameters = parameters(query) else { return malformed }
        for (name, value) in parameters {
            switch name {
            case "vip":
                guard let prefix = IPPrefix(parsing: value) else { return noAddress }
                vip = prefix
            case "keep-sessions":
                guard value == "true" || value == "false" else {
                    return .refused(.text(400, "keep-sessions must be true or false"))
                }
                keepsSessions = value == "true"
            case "wait":
                guard let seconds = Int(value), (0...longestWaitSeconds).contains(seconds) else {
                    return .refused(.text(400, "wait must be a number of seconds from 0 to \(longestWaitSeconds)"))
                }
                waitSeconds = seconds
            case "reason":
                if let fault = DrainReason.fault(of: value) { return .refused(.text(400, fault)) }
                reason = value.isEmpty ? nil : value
            default:
                return .refused(.text(400, "drain takes the parameters wait, reason, vip and keep-sessions only"))
            }
        }
        return .request(
            .drain(reason: reason, wait: waitSeconds > 0, vip: vip, keepsSessions: keepsSessions),
            waitSeconds: waitSeconds)
    }

    private static func undrain(_ query: String) -> Route {
        guard let parameters = parameters(query) else { return malformed }
        var vip: IPPrefix?
        for (name, value) in parameters {
            guard name == "vip" else { return .refused(.text(400, "undrain takes the parameter vip only")) }
            guard let prefix = IPPrefix(parsing: value) else { return noAddress }
            vip = prefix
        }
        return .request(.undrain(vip: vip), waitSeconds: 0)
    }

    private static func reload(_ query: String) -> Route {
        guard let parameters = parameters(query) else { return malformed }
        var isDryRun = false
        for (name, value) in parameters {
            guard name == "dry-run", value == "true" || value == "false" else {
                return .refused(.text(400, "reload takes the parameter dry-run only, which is true or false"))
            }
            isDryRun = value == "true"
        }
        return .request(.reload(isDryRun: isDryRun), waitSeconds: 0)
    }

    /// The parameters of a query, decoded; nil if it is none.
    private static func parameters(_ query: String) -> [(name: String, value: String)]? {
        var parameters: [(name: String, value: String)] = []
        for parameter in query.split(separator: "&") {
            let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, let value = percentDecoded(pair[1]) else { return nil }
            parameters.append((String(pair[0]), value))
        }
        return parameters
    }

    private static let malformed = Route.refused(
        .text(400, "the parameters are not of the form name=value with %XX escapes"))
    private static let noAddress = Route.refused(
        .text(400, "vip must be an address or a prefix, such as 192.0.2.10"))
}

extension ControlResponse {
    static func wrongMethod(_ expected: String) -> ControlResponse {
        .text(405, "this path takes \(expected) only")
    }
}
