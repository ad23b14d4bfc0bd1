import Health
import IPTypes

/// The pod of the manifests: what runs in it, what it may do, and what it sees of the node.
///
/// No kubeconfig, no service account, unless Services are served: the daemon does not talk to the Kubernetes API otherwise.
/// It runs as root because a container's added capabilities reach only root's processes; every capability but the needed
/// ones is dropped.
struct PodSpec {
    private var image: String
    /// The settings of the container's environment, by name.
    private var environment: [(name: String, value: String)]
    /// The variable that gets the name of the node from the cluster; nil if it is not needed.
    private var nodeNameVariable: String?
    private var volumes: [PodVolume]
    private var probed: SocketTarget?
    private var capabilities: [String]
    private var gracePeriod: Int64

    /// Where kubelet asks if the settings open no port for it. On loopback, so that no other host can fail the probe.
    private static let probedByDefault = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 9179)

    /// A pod for these settings.
    /// - Parameters:
    ///   - environment: what the container's environment says of them.
    ///   - isFileKnown: false if the contents of the configuration file are a guess.
    ///   - cluster: the directories that come from the cluster and not from the node.
    ///   - hasServiceAccount: true if the cluster gives the pod access to its API.
    /// - Throws: if a file cannot be mounted or a program cannot be run.
    init(
        _ loaded: LoadedSettings, image: String, environment: [(setting: Setting, text: String)],
        isFileKnown: Bool = true, cluster: [PodVolume] = [], hasServiceAccount: Bool = false
    ) throws(SettingError) {
        for check in loaded.settings.checks {
            guard case .exec(let words) = check.kind else { continue }
            throw SettingError(
                problem:
                    "check \(check.name): the image holds no program but bgpvip, so the pod cannot run \(words.first ?? "")",
                remedy: "give --check http://…, https://… or tcp://…, or run bgpvip as a service of the node")
        }
        if let program = loaded.settings[Settings.process.onChange] {
            throw SettingError(
                problem: "the image holds no program but bgpvip, so the pod cannot run \(program) on changes",
                remedy: "leave out --on-change, or run bgpvip as a service of the node")
        }
        let settings = loaded.settings
        self.image = image
        var environment = environment
        let kubeconfig = settings.services.flatMap { services in
            services.kubeconfig ?? (hasServiceAccount ? nil : ServicesSettings.controlPlaneKubeconfig)
        }
        volumes = try PodVolume.all(loaded, cluster: cluster, kubeconfig: kubeconfig)
        if let services = settings.services, services.nodeName == nil {
            nodeNameVariable = Setting.servicesNode.environment.first
        }
        let ports = [settings[Settings.process.health], settings[Settings.process.metrics]].compactMap { $0 }
        probed = ports.first { $0.address.isLoopback || $0.address.isUnspecified } ?? settings[Settings.process.health]
        if probed == nil, isFileKnown {
            let target = Self.probedByDefault
            probed = target
            environment.append((Settings.process.health.setting, "\(target.address):\(target.port)"))
        }
        self.environment = environment.compactMap { setting, text in setting.environment.first.map { ($0, text) } }
        capabilities = settings.capabilities
        // What leaving takes at most, with a margin, and never less than Kubernetes' own 30 s.
        gracePeriod = max(30, settings.departure.longest.components.seconds + 10)
    }

    /// Writes the fields of the pod's `spec`.
    func write(to yaml: inout Lines, depth: Int) {
        yaml.add(depth, "hostNetwork: true", "priorityClassName: system-node-critical")
        yaml.add(depth, "terminationGracePeriodSeconds: \(gracePeriod)", "securityContext:")
        yaml.add(depth + 1, "seccompProfile:")
        yaml.add(depth + 2, "type: RuntimeDefault")
        yaml.add(depth, "containers:", "- name: bgpvip")
        yaml.add(depth + 1, "image: \(Manifest.quoted(image))", "imagePullPolicy: IfNotPresent")
        yaml.add(depth + 1, "args: [\"run\"]", "env:")
        for (name, value) in environment {
            yaml.add(depth + 1, "- name: \(name)")
            yaml.add(depth + 2, "value: \(Manifest.quoted(value))")
        }
        if let nodeNameVariable {
            yaml.add(depth + 1, "- name: \(nodeNameVariable)")
            yaml.add(depth + 2, "valueFrom:")
            yaml.add(depth + 3, "fieldRef:")
            yaml.add(depth + 4, "fieldPath: spec.nodeName")
        }
        write("livenessProbe", path: "/livez", period: 10, to: &yaml, depth: depth + 1)
        write("readinessProbe", path: "/readyz", period: 5, to: &yaml, depth: depth + 1)
        yaml.add(depth + 1, "resources:")
        yaml.add(depth + 2, "requests:")
        yaml.add(depth + 3, "cpu: 10m", "memory: 32Mi")
        yaml.add(depth + 1, "securityContext:")
        yaml.add(depth + 2, "runAsUser: 0", "allowPrivilegeEscalation: false", "readOnlyRootFilesystem: true")
        yaml.add(depth + 2, "capabilities:")
        let added = capabilities.map(Manifest.quoted).joined(separator: ", ")
        yaml.add(depth + 3, "drop: [\"ALL\"]", "add: [\(added)]")
        if !volumes.isEmpty { yaml.add(depth + 1, "volumeMounts:") }
        for volume in volumes { volume.writeMount(to: &yaml, depth: depth + 1) }
        if !volumes.isEmpty { yaml.add(depth, "volumes:") }
        for volume in volumes { volume.write(to: &yaml, depth: depth) }
    }

    private func write(_ probe: String, path: String, period: Int, to yaml: inout Lines, depth: Int) {
        guard let probed else { return }
        let host = probed.address.isUnspecified ? "127.0.0.1" : "\(probed.address)"
        yaml.add(depth, "\(probe):")
        yaml.add(depth + 1, "httpGet:")
        yaml.add(depth + 2, "host: \(Manifest.quoted(host))", "port: \(probed.port)", "path: \(path)")
        yaml.add(depth + 1, "periodSeconds: \(period)", "failureThreshold: 3")
    }
}
