import IPTypes

/// Where the API is and how we show who we are. Certificates are always verified.
package struct APIAccess: Sendable, Hashable {
    /// A text that lies in a file, which is read for each connection, or is given.
    package enum Material: Sendable, Hashable {
        case file(String)
        case bytes([UInt8])
    }

    package enum Credentials: Sendable, Hashable {
        case token(Material)
        case certificate(Material, key: Material)
    }

    /// A name or an address, without brackets.
    package var host: String
    package var port: UInt16
    /// The prefix of every path, usually empty.
    package var basePath = ""
    /// The name that the server's certificate is for, if it is not the host.
    package var serverName: String?
    /// Who has issued the server's certificate; nil for the system's authorities.
    package var authority: Material?
    package var credentials: Credentials

    /// `10.96.0.1:443`, `[fd00::1]:443`.
    package var endpoint: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Where Kubernetes puts what a pod needs to use the API.
    package static let serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

    package init(
        host: String, port: UInt16, basePath: String = "", serverName: String? = nil, authority: Material?,
        credentials: Credentials
    ) {
        self.host = host
        self.port = port
        self.basePath = basePath
        self.serverName = serverName
        self.authority = authority
        self.credentials = credentials
    }

    /// As a pod uses the API of its own cluster: by the environment that kubelet sets and the files that it mounts.
    package init(inCluster environment: [String: String]) throws(APIFailure) {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
            let port = environment["KUBERNETES_SERVICE_PORT"].flatMap({ UInt16($0) })
        else {
            throw .access(
                "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod; give a kubeconfig")
        }
        self.init(
            host: host, port: port, authority: .file(Self.serviceAccount + "/ca.crt"),
            credentials: .token(.file(Self.serviceAccount + "/token")))
    }

    /// Takes apart `https://HOST[:PORT][/PATH]`; nil for any other text.
    static func parts(of server: String) -> (host: String, port: UInt16, path: String)? {
        guard server.hasPrefix("https://") else { return nil }
        let rest = server.dropFirst("https://".count)
        let authority = rest.prefix { $0 != "/" }
        var path = String(rest.dropFirst(authority.count))
        while path.hasSuffix("/") { path.removeLast() }
        var host = authority
        var port: UInt16? = 443
        let behindBrackets = authority.lastIndex(of: "]").map { authority.index(after: $0) } ?? authority.startIndex
        if let colon = authority[behindBrackets...].lastIndex(of: ":") {
            host = authority[..<colon]
            port = UInt16(authority[authority.index(after: colon)...])
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        // Both stand in the head of a request.
        let isPlain = (host + path).unicodeScalars.allSatisfy { $0 > " " && $0.isPrintable }
        guard let port, port > 0, !host.isEmpty, isPlain, !path.contains("?") else { return nil }
        return (String(host), port, path)
    }
}
