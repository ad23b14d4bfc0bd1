import Health

/// Ready manifests, as text.
package enum Manifest {
    /// A static pod for `/etc/kubernetes/manifests`, in our vocabulary, which says all that `loaded` was given.
    ///
    /// What a configuration file contains stays there, and the pod mounts its directory.
    /// - Parameters:
    ///   - image: the image of the container.
    ///   - isFileKnown: false if there is a configuration file that cannot be read here, so that its contents are a guess.
    /// - Throws: if a password cannot be said in the peer list, a file cannot be mounted, or a program cannot be run.
    package static func pod(
        _ loaded: LoadedSettings, image: String, isFileKnown: Bool = true
    ) throws(SettingError) -> String {
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
        let spec = try PodSpec(loaded, image: image, environment: loaded.spelledOut, isFileKnown: isFileKnown)
        var yaml = Lines()
        yaml.add(0, "apiVersion: v1", "kind: Pod", "metadata:")
        yaml.add(1, "name: bgpvip", "namespace: kube-system", "labels:")
        yaml.add(2, "app.kubernetes.io/name: bgpvip")
        yaml.add(0, "spec:")
        spec.write(to: &yaml, depth: 1)
        return yaml.text
    }

    /// What the operator should know about the manifest of a static pod with these settings.
    package static func notices(_ loaded: LoadedSettings) -> [String] {
        var notices: [String] = []
        if loaded.peerListShowsPassword {
            notices.append(
                "the manifest contains a peer's password in clear, for every user who may read the file or see the pod; put it into a file and give --peer-password-file"
            )
        }
        return notices + refusalNotice(loaded)
    }

    /// A notice if a server that refuses the check for want of credentials is healthy.
    static func refusalNotice(_ loaded: LoadedSettings) -> [String] {
        loaded.takesRefusal
            ? [
                "no check is set: while the API server answers, even with 401 or 403, the VIP is advertised (BGPVIP_CHECK_STATUS)"
            ] : []
    }

    /// What stands for a configuration file that cannot be read where the manifest is printed: all that a file may ask of
    /// a pod, with addresses that no host has (RFC 2544, RFC 5180).
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

extension LoadedSettings {
    /// True if no check was chosen, so that a server that asks the check for credentials counts as healthy.
    var takesRefusal: Bool {
        settings.checks.contains { check in
            if case .http(let http) = check.kind { http.acceptsAnonymousRefusal } else { false }
        }
    }

    /// What was given apart from the configuration file, in the order of the table. Names are ours, whatever vocabulary
    /// it came in.
    var spelledOut: [(setting: Setting, text: String)] {
        var texts = texts
        if takesRefusal { texts[.checkStatus] = "200,401,403" }
        return Setting.all.compactMap { setting in
            guard setting != .ignore, let text = texts[setting] else { return nil }
            return (setting, text)
        }
    }
}

/// Lines of indented text.
struct Lines {
    private(set) var text = ""

    mutating func add(_ depth: Int, _ lines: String...) {
        for line in lines { text += String(repeating: "  ", count: depth) + line + "\n" }
    }
}
