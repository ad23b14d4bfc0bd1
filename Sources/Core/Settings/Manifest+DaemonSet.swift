import Health
import Services

extension Manifest {
    /// A namespace, a ConfigMap with the configuration file, what Services need of the API, and a DaemonSet: for the
    /// control-plane nodes, or for all nodes if there is nothing but Services.
    /// - Parameters:
    ///   - image: the image of the container.
    ///   - file: the text of the configuration file; nil if the settings name none, and then one is made of them.
    /// - Throws: if the configuration contains a secret or what only one node has, a file cannot be mounted, or a program
    ///   cannot be run.
    package static func daemonSet(
        _ loaded: LoadedSettings, image: String, file: String?
    ) throws(SettingError) -> String {
        try daemonSetParts(loaded, image: image, file: file).joined(separator: "---\n")
    }

    /// What the operator should know about the DaemonSet of these settings.
    package static func daemonSetNotices(_ loaded: LoadedSettings) -> [String] {
        var notices = refusalNotice(loaded)
        if let identifier = loaded.texts[.routerID] {
            notices.append(
                "the router ID \(identifier) is left out: each node takes an IPv4 address of its own (--router-interface names the interface)"
            )
        }
        if let services = loaded.settings.services, !loaded.settings.vips.isEmpty {
            notices.append(
                "the pods run on control-plane nodes only, because of the VIPs; Services need a DaemonSet of their own to be advertised by the others"
                    + (services.configuration.usesExcludedNodes
                        ? "" : ", and kubeadm's control-plane nodes by --services-excluded-nodes"))
        }
        if let namespace = loaded.settings.services?.namespace, !["bgpvip", "kube-system"].contains(namespace) {
            notices.append(
                "the namespace \(namespace), for the Leases of Services, must exist before kubectl apply: kubectl create namespace \(namespace)"
            )
        }
        let files = loaded.passwordFiles + loaded.settings.checks.flatMap(\.files)
        if files.contains(where: PodVolume.secrets.holds) {
            notices.append(
                "what is in \(PodVolume.secrets.path) comes from a Secret: kubectl --namespace bgpvip create secret generic bgpvip --from-file=NAME=PATH"
            )
        }
        return notices
    }

    /// The documents, in the order in which they have to be applied.
    static func daemonSetParts(
        _ loaded: LoadedSettings, image: String, file: String?
    ) throws(SettingError) -> [String] {
        guard !loaded.peerListShowsPassword, !loaded.fileShowsPassword else {
            throw SettingError(
                problem: "the ConfigMap would contain a peer's password in clear",
                remedy: "put it into a Secret and give --peer-password-file \(PodVolume.secrets.path)/NAME")
        }
        guard file == nil || loaded.settings.routerID == nil else {
            throw SettingError(
                problem: "all nodes would have the router ID of the configuration file",
                remedy: "leave routerID out: each node takes an IPv4 address of its own")
        }
        guard loaded.settings.peers.allSatisfy({ $0.source == nil }) else {
            throw SettingError(
                problem: "a source address belongs to one node, and the DaemonSet runs on several",
                remedy: "leave it out, or give --source-interface")
        }
        guard loaded.settings.services?.nodeName == nil else {
            throw SettingError(
                problem: "the node's name belongs to one node, and the DaemonSet runs on several",
                remedy: "leave it out: each pod gets its own from the cluster")
        }
        let services = loaded.settings.services.flatMap { $0.kubeconfig == nil ? $0 : nil }
        var loaded = loaded
        let given = loaded.spelledOut.filter { ![.config, .routerID].contains($0.setting) }
        let configuration =
            file ?? given.compactMap { setting, text in setting.fileKey.map { "\($0): \(quoted(text))\n" } }.joined()
        let path = "\(PodVolume.configuration.path)/\(fileName)"
        loaded.texts[.config] = path
        let spec = try PodSpec(
            loaded, image: image, environment: (file == nil ? [] : given) + [(Setting.config, path)],
            cluster: [.configuration, .secrets], hasServiceAccount: services != nil)
        let placing = Placing(
            usesAPI: services != nil, allNodes: loaded.settings.services != nil && loaded.settings.vips.isEmpty)
        return [namespace, configMap(configuration)] + (services.map(access) ?? [])
            + [daemonSet(spec, placing, configuration: configuration)]
    }

    /// Where the pods of a DaemonSet run, and as whom.
    private struct Placing {
        /// True if the pods have a service account.
        var usesAPI: Bool
        /// False keeps them to the control-plane nodes.
        var allNodes: Bool
    }

    private static let fileName = "bgpvip.yaml"

    private static var namespace: String {
        var yaml = Lines()
        yaml.add(0, "apiVersion: v1", "kind: Namespace", "metadata:")
        yaml.add(1, "name: bgpvip", "labels:")
        // The pod uses the node's network and binds addresses to it.
        yaml.add(2, "pod-security.kubernetes.io/enforce: privileged")
        return yaml.text
    }

    private static func configMap(_ configuration: String) -> String {
        var yaml = Lines()
        yaml.add(0, "apiVersion: v1", "kind: ConfigMap", "metadata:")
        yaml.add(1, "name: bgpvip", "namespace: bgpvip")
        yaml.add(0, "data:")
        if isBlock(configuration) {
            yaml.add(1, "\(fileName): |")
            for line in configuration.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                yaml.add(line.isEmpty ? 0 : 2, String(line))
            }
        } else {
            yaml.add(1, "\(fileName): \(quoted(configuration))")
        }
        return yaml.text
    }

    /// True if a YAML block can hold the text line by line.
    private static func isBlock(_ text: String) -> Bool {
        text.hasSuffix("\n") && !text.hasSuffix("\n\n") && text.first != " " && text.first != "\n"
            && text.unicodeScalars.allSatisfy { scalar in
                scalar == "\n" || (32..<127).contains(scalar.value) || (160..<0x2028).contains(scalar.value)
            }
    }

    private static func daemonSet(_ spec: PodSpec, _ placing: Placing, configuration: String) -> String {
        var yaml = Lines()
        yaml.add(0, "apiVersion: apps/v1", "kind: DaemonSet", "metadata:")
        yaml.add(1, "name: bgpvip", "namespace: bgpvip", "labels:")
        yaml.add(2, label)
        yaml.add(0, "spec:")
        yaml.add(1, "selector:")
        yaml.add(2, "matchLabels:")
        yaml.add(3, label)
        yaml.add(1, "updateStrategy:")
        yaml.add(2, "type: RollingUpdate", "rollingUpdate:")
        yaml.add(3, "maxUnavailable: 1")
        yaml.add(1, "template:")
        yaml.add(2, "metadata:")
        yaml.add(3, "labels:")
        yaml.add(4, label)
        // A changed configuration changes the pod, so that applying it replaces one pod after the other.
        yaml.add(3, "annotations:")
        yaml.add(4, "bgpvip/configuration: \(quoted(checksum(configuration)))")
        yaml.add(2, "spec:")
        if placing.usesAPI { yaml.add(3, "serviceAccountName: bgpvip") }
        yaml.add(3, "automountServiceAccountToken: \(placing.usesAPI)", "tolerations:", "- operator: Exists")
        if placing.allNodes {
            yaml.add(3, "nodeSelector:")
            yaml.add(4, "kubernetes.io/os: linux")
        } else {
            yaml.add(3, "affinity:")
            yaml.add(4, "nodeAffinity:")
            yaml.add(5, "requiredDuringSchedulingIgnoredDuringExecution:")
            yaml.add(6, "nodeSelectorTerms:", "- matchExpressions:")
            // The label has no value with kubeadm, and the value true with k3s and RKE2.
            yaml.add(7, "- key: node-role.kubernetes.io/control-plane")
            yaml.add(8, "operator: Exists")
        }
        spec.write(to: &yaml, depth: 3)
        return yaml.text
    }

    private static let label = "app.kubernetes.io/name: bgpvip"

    /// FNV-1a: tells texts apart, and promises nothing else.
    private static func checksum(_ text: String) -> String {
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
