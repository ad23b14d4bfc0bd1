import Health
import IPTypes

/// A hardened unit for systemd.
///
/// The daemon runs as a user of its own with the capabilities that the settings need and no others. systemd makes the user
/// while the service runs, unless the node has one of that name.
package enum SystemdUnit {
    /// The unit's text.
    /// - Parameters:
    ///   - loaded: the settings; a configuration file stays where it is, everything else becomes the unit's environment.
    ///   - program: the path of the program.
    /// - Throws: if the unit would contain a password, or a path that a service cannot use.
    package static func text(_ loaded: LoadedSettings, program: String) throws(SettingError) -> String {
        if loaded.peerListShowsPassword {
            throw SettingError(
                problem: "a peer's password would be in the unit, which every user of the node can read",
                remedy: "write it into a file and give --peer-password-file")
        }
        for path in [program] + [loaded.texts[.config]].compactMap({ $0 }) where !path.hasPrefix("/") {
            throw SettingError(
                problem: "the path \(path) is not absolute, so the service cannot use it", remedy: "write it from / on")
        }
        let settings = loaded.settings
        let file = loaded.texts[.config].map { " --config " + argument($0) } ?? ""
        let environment = Setting.all.compactMap { setting -> String? in
            guard ![.ignore, .config].contains(setting), let text = loaded.texts[setting] else { return nil }
            return setting.environment.first.map { "Environment=" + quoted("\($0)=\(text)") }
        }
        let capabilities = settings.capabilities.map { "CAP_" + $0 }.joined(separator: " ")
        let hasBFD = settings.peers.contains { $0.bfd != nil }
        return """
            [Unit]
            Description=bgpvip: virtual IP addresses, advertised by BGP
            Documentation=man:bgpvip(1)
            After=network.target
            # It never gives up: the node may get what is missing later.
            StartLimitIntervalSec=0

            [Service]
            Type=notify
            ExecStart=\(argument(program)) run\(file)
            ExecReload=\(reload(settings[Settings.process.controlSocket], program: program))
            \(lines(environment))Restart=always
            RestartSec=1s
            # The start waits for the node's network, and for the first result of the checks.
            TimeoutStartSec=infinity
            TimeoutStopSec=\(stopTimeout(settings.departure))s
            WatchdogSec=10s

            # Who it is and what it may do.
            DynamicUser=yes
            User=bgpvip
            CapabilityBoundingSet=\(capabilities)
            AmbientCapabilities=\(capabilities)
            NoNewPrivileges=yes
            UMask=0077
            LimitCORE=0

            # What it sees of the node.
            \(lines(socketDirectory(settings[Settings.process.controlSocket])))ProtectSystem=strict
            ProtectHome=yes
            PrivateTmp=yes
            PrivateDevices=yes
            ProtectProc=invisible
            ProtectControlGroups=yes
            ProtectKernelTunables=yes
            ProtectKernelModules=yes
            ProtectKernelLogs=yes
            ProtectClock=yes
            ProtectHostname=yes
            RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
            RestrictNamespaces=yes
            \(lines(hasBFD ? [] : ["RestrictRealtime=yes"]))RestrictSUIDSGID=yes
            LockPersonality=yes
            MemoryDenyWriteExecute=yes
            KeyringMode=private
            SystemCallArchitectures=native
            SystemCallFilter=@system-service
            SystemCallFilter=~@privileged
            # With these it gives up more by itself.
            SystemCallFilter=capset landlock_create_ruleset landlock_add_rule landlock_restrict_self
            SystemCallErrorNumber=EPERM

            [Install]
            WantedBy=multi-user.target

            """
    }

    /// What the operator should know about the unit of these settings.
    package static func notices(_ loaded: LoadedSettings) -> [String] {
        var notices: [String] = []
        let files = loaded.settings.checks.flatMap(\.secretFiles) + loaded.passwordFiles
        if !files.isEmpty {
            notices.append(
                "the user bgpvip must be able to read \(files.joined(separator: ", ")): make the user (useradd --system bgpvip) and give its group the files"
            )
        }
        for check in loaded.settings.checks {
            guard case .exec(let words) = check.kind else { continue }
            notices.append(
                "check \(check.name): \(words.first ?? "") runs with the restrictions of the unit: as the user bgpvip, with a read-only file system and no home directories"
            )
        }
        return notices
    }

    /// The time for the departure, with a margin; the daemon asks for more if it needs more.
    private static func stopTimeout(_ departure: DepartureSettings) -> Int64 {
        max(30, departure.longest.components.seconds + 10)
    }

    /// The command says what is wrong with settings that cannot be loaded; without a control socket only the log does.
    private static func reload(_ controlSocket: String?, program: String) -> String {
        guard let controlSocket else { return "kill -HUP $MAINPID" }
        return "\(argument(program)) reload --control-socket \(argument(controlSocket))"
    }

    /// The directory of the control socket, which systemd makes if it is below /run.
    private static func socketDirectory(_ path: String?) -> [String] {
        guard let path, let slash = path.lastIndex(of: "/") else { return [] }
        let directory = path[..<slash]
        return directory.hasPrefix("/run/")
            ? ["RuntimeDirectory=" + quoted(String(directory.dropFirst(5)))]
            : ["ReadWritePaths=" + quoted(String(directory))]
    }

    private static func lines(_ lines: [String]) -> String {
        lines.map { $0 + "\n" }.joined()
    }

    /// A word of a command line, where `$` begins a variable.
    private static func argument(_ text: String) -> String {
        quoted(text.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$"))
    }

    /// A word of a unit file, which can be any text (systemd.syntax(7)).
    private static func quoted(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            scalar.value > 32 && scalar.value < 127 && !"\"'\\%".unicodeScalars.contains(scalar)
        }
        if isPlain { return text }
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\" + String(scalar)
            case "%": "%%"
            case _ where scalar.value < 32:
                "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}

extension Check {
    /// The files that may be readable by some users only.
    fileprivate var secretFiles: [String] {
        guard case .http(let check) = kind else { return [] }
        return [check.tls?.certificateFile, check.tls?.keyFile, check.bearerTokenFile].compactMap { $0 }
    }
}
