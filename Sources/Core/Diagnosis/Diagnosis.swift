import Settings
import SpeakerCore

extension Facts {
    /// Everything that is wrong or will be, the faults first. Empty on a healthy node.
    package var findings: [Finding] {
        let all = nodeFindings + kernelFindings + vipFindings + checkFindings + daemonFindings + peerFindings
        var seen: Set<Finding> = []
        let unique = all.filter { seen.insert($0).inserted }
        return [.fault, .warning, .notice].flatMap { (severity: Finding.Severity) in
            unique.filter { $0.severity == severity }
        }
    }

    /// What no node can see, and the commands that show it on a router.
    package var unseen: [String] {
        settings.vips.map { unseenOnRouters(of: "\($0.prefix)") }
    }
}
