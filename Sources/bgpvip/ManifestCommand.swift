import ArgumentParser
import ConfigFile
import Settings

/// `bgpvip manifest`: ready manifests.
struct ManifestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest", abstract: "Print a ready manifest.", subcommands: [ManifestPodCommand.self])
}

/// `bgpvip manifest pod`: a static pod.
struct ManifestPodCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pod",
        abstract: "Print a static pod for /etc/kubernetes/manifests.",
        discussion: """
            Takes the flags of bgpvip run, and those of the kube-vip command line in the kubeadm documentation. The \
            environment is not looked at, and no password is read. A configuration file is read if it is there, to mount \
            the directories of the files that it names. The pod needs no kubeconfig.
            """)

    @Option(help: ArgumentHelp("Image of the container.", valueName: "name"))
    var image = "bgpvip:latest"

    @OptionGroup var options: AllSettingOptions

    func run() throws {
        var unread: String?
        let loaded: LoadedSettings
        do throws(InvalidSettings) {
            // Passwords stay on the node: whether they are good is for the daemon there to say.
            loaded = try SettingsLoader.load(
                flags: options.flags, environment: [:], readFile: { _ in .success("password") },
                readTree: { path in
                    let tree = tree(ofFile: path)
                    guard case .failure(let fault) = tree, fault.place == nil else { return tree }
                    unread =
                        "\(path) cannot be read here: \(fault.problem); what it needs of the pod is guessed: "
                        + "mount the directories of the files that it names"
                    return .success(Manifest.unreadFile)
                })
        } catch {
            say(error)
            throw ExitCode(2)
        }
        do throws(SettingError) {
            print(try Manifest.pod(loaded, image: image), terminator: "")
        } catch {
            say(["error: \(error)"])
            throw ExitCode(2)
        }
        say((loaded.notices + Manifest.notices(loaded) + [unread].compactMap { $0 }).map { "notice: \($0)" })
    }
}
