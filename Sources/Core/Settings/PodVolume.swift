import Health

/// A directory that a pod mounts. Directories, because a file that is mounted by itself stays the old one when it is
/// replaced.
struct PodVolume {
    enum Source {
        /// A directory of the node; made if it is missing, and the daemon may write into it, if it is `own`.
        case node(own: Bool)
        /// The configuration in the cluster.
        case configMap
        /// The operator's passwords in the cluster.
        case secret
    }

    /// Where the configuration of a DaemonSet is mounted.
    static let configuration = PodVolume(name: "config", path: "/config", source: .configMap)
    /// Where the Secret of a DaemonSet is mounted.
    static let secrets = PodVolume(name: "secrets", path: "/secrets", source: .secret)

    var name: String
    var path: String
    var source: Source

    private var isOwn: Bool {
        if case .node(own: true) = source { true } else { false }
    }

    /// True if the pod sees `other` by this volume.
    func holds(_ other: String) -> Bool {
        other == path || other.hasPrefix(path + "/")
    }

    /// The directories of the control socket, of the drain file and of every file that the settings name.
    /// - Parameters:
    ///   - cluster: what comes from the cluster instead of the node.
    ///   - kubeconfig: the file that leads to the Kubernetes API; nil if none is used.
    /// - Throws: if one of them lies beside everything else of the node.
    static func all(
        _ loaded: LoadedSettings, cluster: [PodVolume], kubeconfig: String?
    ) throws(SettingError) -> [PodVolume] {
        var volumes: [PodVolume] = []
        if let socket = loaded.settings[Settings.process.controlSocket] {
            volumes.append(PodVolume(name: "run", path: try directory(of: socket), source: .node(own: true)))
        }
        if let file = loaded.settings[Settings.process.drainFile] {
            let path = try directory(of: file)
            if volumes.first?.path != path {
                volumes.append(PodVolume(name: "drain", path: path, source: .node(own: true)))
            }
        }
        let paths =
            [loaded.texts[.config], kubeconfig].compactMap { $0 } + loaded.settings.checks.flatMap(\.files)
            + loaded.passwordFiles
        for path in paths where !volumes.contains(where: { $0.holds(path) }) {
            if let volume = cluster.first(where: { $0.holds(path) }) {
                volumes.append(volume)
            } else {
                let directory = try directory(of: path)
                volumes.append(
                    PodVolume(name: "files-\(volumes.count)", path: directory, source: .node(own: false)))
            }
        }
        return volumes
    }

    /// The path up to the last slash.
    private static func directory(of path: String) throws(SettingError) -> String {
        let directory = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
        guard directory.dropFirst().contains("/") else {
            throw SettingError(
                problem:
                    "\(path) is in \(directory.isEmpty ? "/" : directory), which the pod cannot mount: the rest of the node is there too",
                remedy: "put it into a directory of its own, for example /etc/bgpvip")
        }
        return String(directory)
    }

    /// Writes the entry of `volumeMounts`.
    func writeMount(to yaml: inout Lines, depth: Int) {
        yaml.add(depth, "- name: \(name)")
        yaml.add(depth + 1, "mountPath: \(Manifest.quoted(path))")
        if !isOwn { yaml.add(depth + 1, "readOnly: true") }
    }

    /// Writes the entry of `volumes`.
    func write(to yaml: inout Lines, depth: Int) {
        yaml.add(depth, "- name: \(name)")
        switch source {
        case .node(let isOwn):
            yaml.add(depth + 1, "hostPath:")
            yaml.add(
                depth + 2, "path: \(Manifest.quoted(path))", "type: \(isOwn ? "DirectoryOrCreate" : "Directory")")
        case .configMap:
            yaml.add(depth + 1, "configMap:")
            yaml.add(depth + 2, "name: bgpvip")
        case .secret:
            yaml.add(depth + 1, "secret:")
            yaml.add(depth + 2, "secretName: bgpvip", "defaultMode: 0400")
        }
    }
}

extension Check {
    /// Every file that the check reads.
    var files: [String] {
        guard case .http(let check) = kind else { return [] }
        return [check.tls?.caFile, check.tls?.certificateFile, check.tls?.keyFile, check.bearerTokenFile]
            .compactMap { $0 }
    }
}
