import ArgumentParser
import ControlSocket
import Daemon
import Diagnosis
import FoundationEssentials
import Settings
import SpeakerCore
import Wording

/// `bgpvip doctor`: what is wrong, and what to do.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Find what keeps the VIPs from working, and say what to do.",
        discussion: """
            Before the start it takes the flags, the environment and the configuration file of bgpvip run; with a daemon \
            on this node it asks that one too, and without settings takes those of the daemon. It runs each check once \
            and dials the peers that have no session, for five seconds at most, and changes nothing. Run it as root, or \
            with the capabilities of the daemon. docs/doctor.md lists all findings. Exit status: 0 if there is no fault, \
            1 if there is one, 2 if the settings are wrong.
            """)

    @Flag(help: "Print JSON instead of text.")
    var json = false

    @Flag(help: "List all findings that exist, and check nothing.")
    var list = false

    @OptionGroup var options: AllSettingOptions

    func run() throws {
        let start = ContinuousClock.now
        if list {
            let kinds = Finding.Code.allCases.map { Finding($0, "…", "") }
            let lines = kinds.map { "\($0.code.rawValue): \($0.consequence); \($0.remedy)\n" }
            return print(json ? try ControlSocket.json(kinds, .pretty) + "\n" : lines.joined(), terminator: "")
        }
        let loaded = try load()
        var status: Status?
        var failure: ControlClientError?
        if let path = loaded.settings[Settings.process.controlSocket] {
            do throws(ControlClientError) {
                // A daemon that is stuck is one of the findings.
                status = try ControlClient(path, timeout: .milliseconds(600)).status(StatusScope(routes: .none))
            } catch {
                failure = error
            }
        }
        var facts = gatherFacts(for: loaded.settings, secrets: loaded.passwordFiles, status: status)
        if let failure, failure.isOfADaemon || facts.instances > 0 { facts.daemonFailure = "\(failure)" }
        let answer = DoctorAnswer(facts, took: ContinuousClock.now - start)
        print(json ? try ControlSocket.json(answer, .pretty) + "\n" : answer.text, terminator: "")
        if answer.findings.contains(where: { $0.severity == .fault }) { throw ExitCode(1) }
    }

    /// The settings that are given here; if there are none, those of the daemon that runs.
    private func load() throws -> LoadedSettings {
        let environment = ProcessInfo.processInfo.environment
        do throws(InvalidSettings) {
            return try loaded(flags: options.flags, environment: environment)
        } catch {
            if options.flags.isEmpty, let daemon = runningDaemon(),
                let flags = PlainRun.flags(in: daemon.arguments.dropFirst()),
                let loaded = try? loaded(flags: flags, environment: daemon.environment)
            {
                return loaded
            }
            say(error)
            throw ExitCode(2)
        }
    }
}

extension ControlClientError {
    /// True if something is there that does not answer as it should.
    fileprivate var isOfADaemon: Bool {
        if case .notRunning = self { false } else { true }
    }
}

/// The JSON of `bgpvip doctor --json`, described in docs/doctor.md.
struct DoctorAnswer: Encodable {
    /// The faults first.
    var findings: [Finding]
    /// What cannot be seen from the node, and the commands that show it.
    var unseen: [String]
    /// True if a daemon was asked.
    var daemonAnswered: Bool
    /// How long the command took.
    var seconds: Double

    init(_ facts: Facts, took: Duration) {
        findings = facts.findings
        unseen = facts.unseen
        daemonAnswered = facts.status != nil
        seconds = Double(took / .milliseconds(1)).rounded() / 1000
    }

    /// The answer for people.
    var text: String {
        var lines = findings.flatMap { finding in
            [
                "\(finding.severity.rawValue.uppercased())  \(finding.code.rawValue)  \(finding.subject)",
                "  seen:  \(finding.evidence)", "  means: \(finding.consequence)", "  do:    \(finding.remedy)", "",
            ]
        }
        if findings.isEmpty { lines += ["nothing is wrong that can be seen from here", ""] }
        lines += unseen.map { "not seen: \($0)" }
        return lines.map { printable($0) + "\n" }.joined()
    }
}
