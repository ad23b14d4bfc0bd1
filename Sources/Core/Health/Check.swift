package import IPTypes

/// One configured check of a VIP's service.
package struct Check: Sendable, Hashable {
    /// How the service is asked.
    package enum Kind: Sendable, Hashable {
        case http(HTTPCheck)
        /// A TCP connection must come up.
        case tcp(SocketTarget)
        /// A program must exit with status 0; the first element is its path.
        case exec([String])
    }

    /// A name that is unique in the configuration, for display and logs.
    package var name: String
    package var kind: Kind
    /// Time from the start of one probe to the start of the next.
    package var interval: Duration
    /// A probe without an outcome after this time has failed. Without one it is what `Kind.defaultTimeout` says.
    package var timeout: Duration
    /// Consecutive passes that make a failed check healthy again.
    package var rise: Int
    /// Consecutive failures that make a healthy check fail.
    package var fall: Int
    /// A definitive failure (connection refused) counts as `fall` failures.
    package var failFast: Bool

    package init(
        name: String, kind: Kind, interval: Duration = .seconds(1), timeout: Duration? = nil, rise: Int = 2,
        fall: Int = 3, failFast: Bool = true
    ) {
        self.name = name
        self.kind = kind
        self.interval = interval
        self.timeout = timeout ?? kind.defaultTimeout
        self.rise = rise
        self.fall = fall
        self.failFast = failFast
    }
}

extension Check {
    /// True if the check counts a refusal of anonymous requests as healthy.
    package var acceptsAnonymousRefusal: Bool {
        if case .http(let http) = kind { http.acceptsAnonymousRefusal } else { false }
    }

    /// False if nothing is kept from one probe to the next, so that its prober may be made anew for each.
    package var keepsConnection: Bool {
        if case .http(let http) = kind { http.keepsConnection } else { true }
    }

    /// True if the answer to a probe that has failed by its timeout is waited for.
    package var hearsLateAnswers: Bool {
        if case .http = kind { true } else { false }
    }
}

extension Check.Kind {
    /// The timeout of a check for which none is set. HTTP has the longer one: an API server that is short of processor time
    /// answers late, and docs/kubernetes.md has what a shorter one does to it.
    package var defaultTimeout: Duration {
        if case .http = self { .seconds(3) } else { .seconds(1) }
    }

    /// Where a connection goes to; nil for a program.
    package var target: SocketTarget? {
        switch self {
        case .http(let http): http.target
        case .tcp(let target): target
        case .exec: nil
        }
    }
}

/// An address and a port to connect to.
package struct SocketTarget: Sendable, Hashable {
    package var address: IPAddress
    package var port: UInt16

    package init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }
}

/// An HTTP or HTTPS request and the answer that counts as healthy.
package struct HTTPCheck: Sendable, Hashable {
    package var target: SocketTarget
    /// Path and query, beginning with `/`.
    package var path: String
    /// The Host header; also the name for SNI and certificate verification unless it is an address.
    package var host: String
    /// Nil for plain HTTP.
    package var tls: TLSOptions?
    /// Status codes that count as healthy.
    package var expectedStatus: [Int]
    /// Text that the first 64 KiB of the body must contain.
    package var bodyContains: String?
    /// File with a bearer token, read again for each connection.
    package var bearerTokenFile: String?
    /// True if 401 or 403 counts as healthy, with a notice, when the check sends no credentials: the server answers. For
    /// a check that the operator did not choose.
    package var acceptsAnonymousRefusal: Bool
    /// False closes the connection behind each answer and does not ask the kernel to tell of the service's end: for a service
    /// that has very many checks.
    package var keepsConnection = true

    /// How TLS is done.
    package struct TLSOptions: Sendable, Hashable {
        /// PEM file of the authorities to trust; nil trusts the system's.
        package var caFile: String?
        /// PEM file of the client certificate chain.
        package var certificateFile: String?
        /// PEM file of the client key.
        package var keyFile: String?
        /// False accepts any certificate, as the kubelet's probes do. Only sensible on loopback.
        package var verifies: Bool

        package init(caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil, verifies: Bool) {
            self.caFile = caFile
            self.certificateFile = certificateFile
            self.keyFile = keyFile
            self.verifies = verifies
        }
    }

    package init(
        target: SocketTarget, path: String, host: String, tls: TLSOptions? = nil, expectedStatus: [Int] = [200],
        bodyContains: String? = nil, bearerTokenFile: String? = nil, acceptsAnonymousRefusal: Bool = false
    ) {
        self.target = target
        self.path = path
        self.host = host
        self.tls = tls
        self.expectedStatus = expectedStatus
        self.bodyContains = bodyContains
        self.bearerTokenFile = bearerTokenFile
        self.acceptsAnonymousRefusal = acceptsAnonymousRefusal
    }
}

extension HTTPCheck {
    /// The Host header: the host with the target's port, which is left out if it is the scheme's own (RFC 9110 section
    /// 7.2), unless the host has a port already.
    package var hostHeader: String {
        let isIPv6 = IPAddress(host).map { !$0.isIPv4 } ?? false
        let name = isIPv6 ? "[\(host)]" : host
        let hasPort = name.contains(":") && !name.hasSuffix("]")
        return hasPort || target.port == (tls == nil ? 80 : 443) ? name : "\(name):\(target.port)"
    }

    /// What is shown instead of a query.
    package static let hidden = "***"

    /// The path and query as they are shown.
    package var shownPath: String { HTTPCheck.hidingQuery(ofURL: path) }

    /// A URL, or an entry of checks, with `***` for its query, which may hold a secret.
    package static func hidingQuery(ofURL text: String) -> String {
        guard let question = text.firstIndex(of: "?"), text.index(after: question) < text.endIndex else { return text }
        return text[...question] + hidden
    }
}

/// What came of one probe.
package enum Outcome: Sendable, Hashable {
    case passed
    /// 401 (`isUnauthenticated`) or 403 to a request without credentials. It fails like any other, unless the check accepts
    /// it.
    case anonymousRefused(reason: String, isUnauthenticated: Bool)
    /// `definitive` means that no client can be served (connection refused), so waiting for more failures does not help.
    case failed(reason: String, definitive: Bool)
}

/// What is known of a service.
package enum Verdict: Sendable, Hashable {
    /// No outcome yet: nothing is advertised.
    case unknown
    case healthy
    case unhealthy(reason: String)
}
