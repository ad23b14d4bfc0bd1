import ArgumentParser
import ConfigFile
import Settings

/// `bgpvip manifest`: ready manifests.
struct ManifestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest", abstract: "Print a ready manifest.",
        subcommands: [ManifestPodCommand.self, ManifestDaemonSetCommand.self, ManifestSystemdCommand.self])
}

/// What all manifests for Kubernetes take.
struct ManifestOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Image of the container.", valueName: "name"))
    var image = ManifestOptions.builtImage

    @OptionGroup var settings: AllSettingOptions

    /// The image as docs/kubernetes.md builds it; no registry has it.
    static let builtImage = "localhost/bgpvip:\(Version.number)"

    /// The settings, and what else the operator should know. No password is read: whether it is good is for the daemon
    /// to say, on the node.
    func load(
        readTree: (String) -> Result<FileNode, FileFault> = tree(ofFile:)
    ) throws -> LoadedSettings {
        do throws(InvalidSettings) {
            return try SettingsLoader.load(
                flags: settings.flags, environment: [:], readFile: { _ in .success("password") }, readTree: readTree)
        } catch {
            say(error)
            throw ExitCode(2)
        }
    }

    /// Prints a manifest, or what keeps it from being made.
    static func show(_ manifest: () throws(SettingError) -> String) throws {
        do throws(SettingError) {
            print(try manifest(), terminator: "")
        } catch {
            say(["error: \(error)"])
            throw ExitCode(2)
        }
    }
}

/// `bgpvip manifest pod`: a static pod.
struct ManifestPodCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pod",
        abstract: "Print a static pod for /etc/kubernetes/manifests.",
        discussion: """
            Takes the flags of bgpvip run, and those of the kube-vip command line in the kubeadm documentation. The \
            environment is not read, and no password is. If the configuration file exists, it is read, to mount the \
            directories of the files that it names. The pod needs no kubeconfig, unless it serves Services.
            """)

    @OptionGroup var options: ManifestOptions

    func run() throws {
        var unread: String?
        let loaded = try options.load { path in
            let tree = tree(ofFile: path)
            guard case .failure(let fault) = tree, fault.place == nil else { return tree }
            unread =
                "\(path) cannot be read here: \(fault.problem); what it needs of the pod is guessed: "
                + "mount the directories of the files that it names, and add probes if it opens a port for them"
            return .success(Manifest.unreadFile)
        }
        try ManifestOptions.show { () throws(SettingError) in
            try Manifest.pod(loaded, image: options.image, isFileKnown: unread == nil)
        }
        say((loaded.notices + Manifest.notices(loaded) + [unread].compactMap { $0 }).map { "notice: \($0)" })
    }
}

/// `bgpvip manifest daemonset`: a DaemonSet with its namespace and configuration.
struct ManifestDaemonSetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemonset",
        abstract: "Print namespace, ConfigMap, DaemonSet and what Services need, for kubectl apply.",
        discussion: """
            Takes the flags of bgpvip run, and those of kube-vip's manifest daemonset. The environment is not read. A \
            configuration file becomes the ConfigMap as it is; without one, the ConfigMap contains the settings of the \
            flags. Files under /secrets come from the Secret bgpvip of the same namespace, all others from the nodes; none \
            of them is read. --services adds a service account and its roles; without it, the pods need no access to the \
            API.
            """)

    @OptionGroup var options: ManifestOptions

    func run() throws {
        var file: String?
        let loaded = try options.load { path in
            switch text(ofFile: path) {
            case .success(let text):
                file = text
                return tree(ofFile: path)
            case .failure(let error): return .failure(FileFault(error.reason))
            }
        }
        try ManifestOptions.show { () throws(SettingError) in
            try Manifest.daemonSet(loaded, image: options.image, file: file)
        }
        say((loaded.notices + Manifest.daemonSetNotices(loaded)).map { "notice: \($0)" })
    }
}
