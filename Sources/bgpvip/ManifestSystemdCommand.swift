import ArgumentParser
import ConfigFile
import Settings

/// `bgpvip manifest systemd`: a unit.
struct ManifestSystemdCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "systemd",
        abstract: "Print a hardened unit for /etc/systemd/system/bgpvip.service.",
        discussion: """
            Takes the flags of bgpvip run. The environment is not read, and no password is. If the configuration file \
            exists, it is read, and the unit has the capabilities that its settings need and no others; otherwise it has \
            all that a file may need.
            """)

    @Option(help: ArgumentHelp("Path of the program on the node.", valueName: "path"))
    var binary = "/usr/bin/bgpvip"

    @OptionGroup var options: AllSettingOptions

    func run() throws {
        let loaded: LoadedSettings
        do throws(InvalidSettings) {
            loaded = try SettingsLoader.load(
                flags: options.flags, environment: [:], readFile: { _ in .success("password") },
                readTree: { path in
                    let tree = tree(ofFile: path)
                    guard case .failure(let fault) = tree, fault.place == nil else { return tree }
                    say([
                        "notice: \(path) cannot be read here: \(fault.problem); the unit has all capabilities that a "
                            + "file may need"
                    ])
                    return .success(Manifest.unreadFile)
                })
        } catch {
            say(error)
            throw ExitCode(2)
        }
        do throws(SettingError) {
            print(try SystemdUnit.text(loaded, program: binary), terminator: "")
        } catch {
            say(["error: \(error)"])
            throw ExitCode(2)
        }
        say((loaded.notices + SystemdUnit.notices(loaded)).map { "notice: \($0)" })
    }
}
