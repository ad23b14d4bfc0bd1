import Health
import IPTypes

/// Ready manifests, as text.
package enum Manifest {
    /// A static pod for `/etc/kubernetes/manifests`, in our vocabulary, which says all that `loaded` was given.
    ///
    /// No kubeconfig, no service account: the daemon does not talk to the Kubernetes API. It runs as root because a
    /// container's added capabilities reach only root's processes; every capability but the needed ones is dropped.
    /// What stands in a configuration file stays there, and the pod mounts its directory.
    /// - Throws: if a password cannot be said in the peer list, a file cannot be mounted, or a program cannot be run.
    package static func pod(_ loaded: LoadedSettings, image: String) throws(SettingError) -> String {
        guard loaded.isPeerListExact else {
            throw SettingError(
                problem: "a peer's password contains \":\" or \",\", which the peer list of the manifest cannot hold",
                remedy: "put it into a file and give --peer-password-file")
        }
        for check in loaded.settings.checks {
            guard case .exec(let words) = check.kind else { continue }
            throw SettingError(
                problem:
                    "check \(check.name): the image holds no program but bgpvip, so the pod cannot run \(words.first ?? "")",
                remedy: "give --check http://…, https://… or tcp://…, or run bgpvip as a service of the node")
        }
        if let path = loaded.texts[.config], !path.hasPrefix("/") {
            throw SettingError(
                problem: "the configuration file's path \(path) is not absolute, so the pod cannot mount it",
                remedy: "give --config /PATH")
        }
        let settings = loaded.settings
        let mounts = self.mounts(loaded)
        var yaml = Lines()
        yaml.add(0, "apiVersion: v1", "kind: Pod", "metadata:")
        yaml.add(1, "name: bgpvip", "namespace: kube-system", "labels:")
        yaml.add(2, "app.kubernetes.io/name: bgpvip")
        yaml.add(0, "spec:")
        yaml.add(1, "hostNetwork: true", "priorityClassName: system-node-critical")
        yaml.add(1, "terminationGracePeriodSeconds: \(gracePeriod(settings.departure))")
        yaml.add(1, "containers:")
        yaml.add(1, "- name: bgpvip")
        yaml.add(2, "image: \(quoted(image))", "imagePullPolicy: IfNotPresent")
        yaml.add(2, "args: [\"run\"]", "env:")
        for (name, value) in environment(loaded) {
            yaml.add(2, "- name: \(name)")
            yaml.add(3, "value: \(quoted(value))")
        }
        // On loopback if there is such a port: what other hosts do to the others must not restart the pod.
        let ports = [settings.health, settings.metrics].compactMap { $0 }
        if let probed = ports.first(where: { $0.address.isLoopback || $0.address.isUnspecified }) ?? ports.first {
            yaml.add(2, "livenessProbe:")
            yaml.add(3, "httpGet:")
            let host = probed.address.isUnspecified ? "127.0.0.1" : "\(probed.address)"
            yaml.add(4, "host: \(quoted(host))", "port: \(probed.port)", "path: /livez")
            yaml.add(3, "periodSeconds: 10", "failureThreshold: 3")
        }
        yaml.add(2, "resources:")
        yaml.add(3, "requests:")
        yaml.add(4, "cpu: 10m", "memory: 32Mi")
        yaml.add(2, "securityContext:")
        yaml.add(3, "runAsUser: 0", "allowPrivilegeEscalation: false", "readOnlyRootFilesystem: true")
        yaml.add(3, "capabilities:")
        yaml.add(4, "drop: [\"ALL\"]", "add: [\(capabilities(settings).map(quoted).joined(separator: ", "))]")
        if !mounts.isEmpty { yaml.add(2, "volumeMounts:") }
        for mount in mounts {
            yaml.add(2, "- name: \(mount.name)")
            yaml.add(3, "mountPath: \(quoted(mount.path))")
            if mount.kind != .own { yaml.add(3, "readOnly: true") }
        }
        if !mounts.isEmpty { yaml.add(1, "volumes:") }
        for mount in mounts {
            yaml.add(1, "- name: \(mount.name)")
            yaml.add(2, "hostPath:")
            yaml.add(3, "path: \(quoted(mount.path))", "type: \(mount.kind.rawValue)")
        }
        return yaml.text
    }

    /// What the operator should know about the manifest of these settings.
    package static func notices(_ loaded: LoadedSettings) -> [String] {
        var notices: [String] = []
        if loaded.peerListShowsPassword {
            notices.append(
                "the manifest contains a peer's password in clear, for everybody who may read the file or see the pod; put it into a file and give --peer-password-file"
            )
        }
        if takesRefusal(loaded) {
            notices.append(
                "no check was chosen: as long as the API server answers, also with 401 or 403 to whom it does not know, the address is advertised (BGPVIP_CHECK_STATUS)"
            )
        }
        return notices
    }

    /// What stands for a configuration file that cannot be read where the manifest is printed: all that a file may ask of
    /// a pod, with addresses that nobody has (RFC 2544, RFC 5180).
    package static let unreadFile: FileNode = {
        let place = FilePlace(line: 1, column: 1)
        let entries = [
            ("localAS", ["64512"]), ("vips", ["198.18.255.253", "2001:2::fffd"]),
            ("peers", ["198.18.255.254:64513", "[2001:2::fffe]:64513"]), ("listen", ["true"]), ("bfd", ["true"]),
        ]
        return FileNode(
            .mapping(
                entries.map { key, texts in
                    let nodes = texts.map { FileNode(.scalar($0), at: place) }
                    return FileEntry(key, nodes.count > 1 ? FileNode(.sequence(nodes), at: place) : nodes[0], at: place)
                }), at: place)
    }()

    /// True if a server that refuses the check for want of credentials is healthy, because nobody chose the check.
    private static func takesRefusal(_ loaded: LoadedSettings) -> Bool {
        loaded.settings.checks.contains { check in
            if case .http(let http) = check.kind { http.acceptsAnonymousRefusal } else { false }
        }
    }

    /// What is given, in the order of the table. Names are ours, whatever vocabulary it came in.
    private static func environment(_ loaded: LoadedSettings) -> [(name: String, value: String)] {
        var texts = loaded.texts
        if takesRefusal(loaded) { texts[.checkStatus] = "200,401,403" }
        return Setting.all.compactMap { setting in
            guard setting.key != .ignore, let text = texts[setting.key], let name = setting.environment.first
            else { return nil }
            return (name, text)
        }
    }

    private static func capabilities(_ settings: Settings) -> [String] {
        let ports = [settings.listen?.port, settings.metrics?.port, settings.health?.port].compactMap { $0 }
        return ["NET_ADMIN"] + (ports.contains { $0 < 1024 } ? ["NET_BIND_SERVICE"] : [])
            + (settings.peers.contains { $0.bfd != nil } ? ["SYS_NICE"] : [])
    }

    /// What leaving takes at most, with a margin, and never less than Kubernetes' own 30 s.
    private static func gracePeriod(_ departure: DepartureSettings) -> Int64 {
        let total = departure.settle + departure.acknowledgement + departure.linger
        return max(30, total.components.seconds + 10)
    }

    private struct Mount {
        enum Kind: String {
            /// Made if it is missing, and the daemon may write into it.
            case own = "DirectoryOrCreate"
            case directory = "Directory"
            case file = "File"
        }

        var name: String
        var path: String
        var kind: Kind

        /// True if `other` is mounted with this.
        func holds(_ other: String) -> Bool {
            other == path || other.hasPrefix(path + "/") && kind != .file
        }
    }

    /// The directories of the control socket, of the drain file and of every file that the settings name. Directories,
    /// because a mounted file stays the old one when it is replaced.
    private static func mounts(_ loaded: LoadedSettings) -> [Mount] {
        var mounts: [Mount] = []
        if let socket = loaded.settings.controlSocket {
            mounts.append(Mount(name: "run", path: directory(of: socket), kind: .own))
        }
        if let file = loaded.settings.drainFile, !mounts.contains(where: { $0.path == directory(of: file) }) {
            mounts.append(Mount(name: "drain", path: directory(of: file), kind: .own))
        }
        let paths =
            [loaded.texts[.config]].compactMap { $0 } + loaded.settings.checks.flatMap(\.files) + loaded.passwordFiles
        for path in paths {
            let directory = directory(of: path)
            // What lies in /, /etc or /run lies there with everything else of the node.
            let isShared = !directory.dropFirst().contains("/")
            let mount = Mount(
                name: "files-\(mounts.count)", path: isShared ? path : directory, kind: isShared ? .file : .directory)
            if !mounts.contains(where: { $0.holds(mount.path) }) { mounts.append(mount) }
        }
        return mounts
    }

    /// The path up to the last slash; `/` for what lies there.
    private static func directory(of path: String) -> String {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        return directory.isEmpty ? "/" : directory
    }

    /// A double-quoted YAML scalar, which can hold any text.
    static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            // Line breaks to YAML.
            case "\u{2028}": "\\L"
            case "\u{2029}": "\\P"
            case _ where scalar.value < 32 || (127..<160).contains(scalar.value):
                "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}

extension Check {
    /// Every file that the check reads.
    fileprivate var files: [String] {
        guard case .http(let check) = kind else { return [] }
        return [check.tls?.caFile, check.tls?.certificateFile, check.tls?.keyFile, check.bearerTokenFile]
            .compactMap { $0 }
    }
}

/// Lines of indented text.
private struct Lines {
    var text = ""

    mutating func add(_ depth: Int, _ lines: String...) {
        for line in lines { text += String(repeating: "  ", count: depth) + line + "\n" }
    }
}
