import Health
import IPTypes

/// Ready manifests, as text.
package enum Manifest {
    /// A static pod for `/etc/kubernetes/manifests`, in our vocabulary, which says all that `loaded` was given.
    ///
    /// No kubeconfig, no service account: the daemon does not talk to the Kubernetes API. It runs as root because a
    /// container's added capabilities reach only root's processes; every capability but the needed ones is dropped.
    /// What stands in a configuration file stays there, and the pod mounts it.
    /// - Throws: if a password cannot be said in the peer list, or a file cannot be mounted.
    package static func pod(_ loaded: LoadedSettings, image: String) throws(SettingError) -> String {
        guard loaded.isPeerListExact else {
            throw SettingError(
                problem: "a peer's password contains \":\" or \",\", which the peer list of the manifest cannot hold",
                remedy: "put it into a file and give --peer-password-file")
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
        if let metrics = settings.metrics {
            yaml.add(2, "livenessProbe:")
            yaml.add(3, "httpGet:")
            let host = metrics.address.isUnspecified ? "127.0.0.1" : "\(metrics.address)"
            yaml.add(4, "host: \(quoted(host))", "port: \(metrics.port)", "path: /livez")
            yaml.add(3, "periodSeconds: 10", "failureThreshold: 3")
        }
        yaml.add(2, "resources:")
        yaml.add(3, "requests:")
        yaml.add(4, "cpu: 10m", "memory: 32Mi")
        yaml.add(2, "securityContext:")
        yaml.add(3, "runAsUser: 0", "allowPrivilegeEscalation: false", "readOnlyRootFilesystem: true")
        yaml.add(3, "capabilities:")
        yaml.add(4, "drop: [\"ALL\"]", "add: [\(capabilities(settings).map(quoted).joined(separator: ", "))]")
        yaml.add(2, "volumeMounts:")
        for mount in mounts {
            yaml.add(2, "- name: \(mount.name)")
            yaml.add(3, "mountPath: \(quoted(mount.path))")
            if mount.isFile { yaml.add(3, "readOnly: true") }
        }
        yaml.add(1, "volumes:")
        for mount in mounts {
            yaml.add(1, "- name: \(mount.name)")
            yaml.add(2, "hostPath:")
            yaml.add(3, "path: \(quoted(mount.path))", "type: \(mount.isFile ? "File" : "DirectoryOrCreate")")
        }
        return yaml.text
    }

    /// What is given, in the order of the table. Names are ours, whatever vocabulary it came in.
    private static func environment(_ loaded: LoadedSettings) -> [(name: String, value: String)] {
        Setting.all.compactMap { setting in
            guard setting.key != .ignore, let text = loaded.texts[setting.key], let name = setting.environment.first
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
        var name: String
        var path: String
        var isFile: Bool
    }

    /// The control socket's directory, and every file that the settings name.
    private static func mounts(_ loaded: LoadedSettings) -> [Mount] {
        let socket = loaded.settings.controlSocket
        let directory = socket.lastIndex(of: "/").map { String(socket[..<$0]) } ?? ""
        var mounts = [Mount(name: "run", path: directory.isEmpty ? "/" : directory, isFile: false)]
        // The directory, because the file comes and goes.
        if let file = loaded.settings.drainFile, let slash = file.lastIndex(of: "/") {
            let path = file[..<slash].isEmpty ? "/" : String(file[..<slash])
            if path != mounts[0].path { mounts.append(Mount(name: "drain", path: path, isFile: false)) }
        }
        let paths =
            [loaded.texts[.config]].compactMap { $0 } + loaded.settings.checks.flatMap(\.files) + loaded.passwordFiles
        for path in paths where !mounts.contains(where: { $0.path == path }) {
            mounts.append(Mount(name: "file-\(mounts.count)", path: path, isFile: true))
        }
        return mounts
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
