package import Settings

extension APIAccess {
    /// What a kubeconfig says, by its current context or the one that is named.
    ///
    /// - Parameter path: of the file: relative paths in it count from its directory.
    package init(kubeconfig root: FileNode, at path: String, context: String? = nil) throws(APIFailure) {
        let file = Kubeconfig(path: path)
        guard let wanted = context ?? root["current-context"]?.text, !wanted.isEmpty else {
            throw file.fault("no context is chosen: set current-context", root)
        }
        let context = try file.entry(wanted, of: "contexts", holding: "context", in: root)
        guard let clusterName = context["cluster"]?.text, let userName = context["user"]?.text else {
            throw file.fault("the context \(wanted) needs a cluster and a user", context)
        }
        let cluster = try file.entry(clusterName, of: "clusters", holding: "cluster", in: root)
        let user = try file.entry(userName, of: "users", holding: "user", in: root)
        guard let server = cluster["server"], let parts = Self.parts(of: server.text ?? "") else {
            throw file.fault("server must be https://HOST:PORT", cluster["server"] ?? cluster)
        }
        if let insecure = cluster["insecure-skip-tls-verify"], insecure.text == "true" {
            throw file.fault(
                "insecure-skip-tls-verify is not supported: give the CA as certificate-authority", insecure)
        }
        if let proxy = cluster["proxy-url"] { throw file.fault("proxy-url is not supported: remove it", proxy) }
        self.init(
            host: parts.host, port: parts.port, basePath: parts.path, serverName: cluster["tls-server-name"]?.text,
            authority: try file.material("certificate-authority", in: cluster),
            credentials: try file.credentials(user, named: userName))
    }
}

/// A kubeconfig file, for its errors and relative paths.
private struct Kubeconfig {
    let path: String

    func fault(_ problem: String, _ node: FileNode) -> APIFailure {
        .access("\(path):\(node.place.line):\(node.place.column): \(problem)")
    }

    /// What the entry of this name holds in one of the file's lists.
    func entry(_ name: String, of list: String, holding key: String, in root: FileNode) throws(APIFailure) -> FileNode {
        guard let entries = root[list], case .sequence(let nodes) = entries.content else {
            throw fault("\(list) is missing", root)
        }
        guard let entry = nodes.first(where: { $0["name"]?.text == name }), let content = entry[key] else {
            throw fault("\(list) has no entry with the name \(name)", entries)
        }
        return content
    }

    func credentials(_ user: FileNode, named name: String) throws(APIFailure) -> APIAccess.Credentials {
        for (key, remedy) in [
            ("exec", "use a token, a tokenFile or a client certificate"),
            ("auth-provider", "use a token, a tokenFile or a client certificate"),
            ("username", "API servers know no passwords any more: use a client certificate"),
        ] {
            if let node = user[key] { throw fault("\(key) is not supported: \(remedy)", node) }
        }
        // The order of kubectl.
        if let certificate = try material("client-certificate", in: user) {
            guard let key = try material("client-key", in: user) else {
                throw fault("the user \(name) has a client certificate and no client-key", user)
            }
            return .certificate(certificate, key: key)
        }
        if let token = user["tokenFile"]?.text { return .token(.file(absolute(token))) }
        if let token = user["token"]?.text { return .token(.bytes(Array(token.utf8))) }
        throw fault("the user \(name) has no client-certificate, token or tokenFile", user)
    }

    /// `key-data` in Base64, or the file that `key` names.
    func material(_ key: String, in node: FileNode) throws(APIFailure) -> APIAccess.Material? {
        if let data = node["\(key)-data"] {
            guard let bytes = bytes(ofBase64: data.text ?? ""), !bytes.isEmpty else {
                throw fault("\(key)-data is not Base64", data)
            }
            return .bytes(bytes)
        }
        return node[key]?.text.map { .file(absolute($0)) }
    }

    private func absolute(_ name: String) -> String {
        guard !name.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return name }
        return path[...slash] + name
    }
}

/// Decodes Base64 (RFC 4648), ignoring blanks and line ends. Nil if the text is not Base64.
func bytes(ofBase64 text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer: UInt32 = 0
    var digits = 0
    var padding = 0
    for character in text.utf8 where character > 0x20 {
        let value: UInt8
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): value = 62
        case UInt8(ascii: "/"): value = 63
        case UInt8(ascii: "="):
            padding += 1
            continue
        default: return nil
        }
        if padding > 0 { return nil }
        buffer = buffer << 6 | UInt32(value)
        digits += 1
        if digits % 4 != 1 { bytes.append(UInt8(truncatingIfNeeded: buffer >> [0, 0, 4, 2][digits % 4])) }
    }
    return digits % 4 != 1 && (digits + padding) % 4 == 0 && padding < 3 ? bytes : nil
}

extension FileNode {
    /// The value of a key; nil if this is no mapping or has no such key.
    fileprivate subscript(key: String) -> FileNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// Text that is not empty.
    fileprivate var text: String? {
        guard case .scalar(let text) = content, !text.isEmpty else { return nil }
        return text
    }
}
