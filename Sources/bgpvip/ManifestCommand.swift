import ArgumentParser
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
            environment is not looked at. The pod needs no kubeconfig.
            """)

    @Option(help: ArgumentHelp("Image of the container.", valueName: "name"))
    var image = "bgpvip:latest"

    @OptionGroup var options: AllSettingOptions

    func run() throws {
        let loaded = try load(flags: options.flags, environment: [:])
        do throws(SettingError) {
            print(try Manifest.pod(loaded, image: image), terminator: "")
        } catch {
            say(["error: \(error)"])
            throw ExitCode(2)
        }
        say(loaded.notices.map { "notice: \($0)" })
    }
}
