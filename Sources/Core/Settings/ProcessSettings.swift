package import Health
import IPTypes

extension Settings {
    /// The settings of the process whose value depends on their own text alone. A row here is all that one needs beside its
    /// use: its name is the flag, the label what it is used by.
    package static let process = list.settings
    /// The same in a list, in the order of the help.
    package static let processRows = list.rows

    private static let list = {
        var rows = ProcessRows()
        let settings = (
            drainFile: rows.add(
                "drain-file", called: "drain file", "PATH", ValueText.path,
                "While this file exists the node is drained; its first line is the reason"),
            controlSocket: rows.add(
                "control-socket", called: "control socket", "PATH|none", default: "/run/bgpvip/bgpvip.sock",
                ValueText.socketPath, needsRestart: true,
                "Unix socket for bgpvip peers, vips, drain …; if it cannot be made, the daemon serves without it"),
            logLevel: rows.add(
                "log-level", called: "log level", "LEVEL", default: .info, LogLevel.init(text:),
                "The least important lines to log: debug, info, notice, warning or error"),
            logFormat: rows.add(
                "log-format", called: "log format", "FORMAT", default: .logfmt, LogFormat.init(text:),
                "logfmt or json"),
            metrics: rows.add(
                "metrics", "[ADDRESS:]PORT|none", default: "none", EndpointText.optional,
                "Serve a status page at /, and /metrics, /livez and /readyz; a bare port is on loopback, :PORT on all addresses"
            ),
            health: rows.add(
                "health", "[ADDRESS:]PORT|none", default: "none", EndpointText.optional,
                "Serve the same here too, with /healthz, as kube-vip's health check port does"),
            readyWhen: rows.add(
                "ready-when", "decided|advertised", default: .decided, ReadyWhen.init(text:),
                "When /readyz answers 200: as soon as the first verdict on every VIP is known, good or bad, or only while every VIP is advertised"
            ),
            onChange: rows.add(
                "on-change", "PATH", ValueText.path,
                "Program to run when a VIP is advertised or withdrawn or a session comes up or ends; its environment describes the change"
            )
        )
        return (settings: settings, rows: rows.all)
    }()
}

extension Reading {
    /// The settings of the process, and what is wrong with one because of what else is set.
    mutating func processValues(hasIPv6VIPs: Bool) -> ProcessValues {
        var values = ProcessValues()
        for row in Settings.processRows { row.read(&self, &values) }
        let (drainFile, controlSocket) = (Settings.process.drainFile, Settings.process.controlSocket)
        if let path = values[drainFile] {
            if path.hasSuffix("/") {
                fail(drainFile.setting, "\(ValueText.quoted(path)) is a directory", "name a file in it")
            } else if path == values[controlSocket] {
                fail(
                    drainFile.setting, "\(path) is the control socket, so that the node would always be drained",
                    "name another file")
            }
        }
        // The wildcard of IPv6 serves both families, but a host may have no IPv6.
        for port in [Settings.process.metrics, Settings.process.health] where !hasIPv6VIPs {
            guard texts(port.setting).first?.text.trimmed.hasPrefix(":") == true else { continue }
            values[port]?.address = .v4(IPv4Address(0))
        }
        return values
    }
}

extension LogLevel {
    fileprivate init(text: String) throws(Complaint) {
        guard let level = LogLevel(rawValue: text == "warn" ? "warning" : text) else {
            throw Complaint(
                "\(ValueText.quoted(text)) is not a log level", "write debug, info, notice, warning or error")
        }
        self = level
    }
}

extension LogFormat {
    fileprivate init(text: String) throws(Complaint) {
        guard let format = LogFormat(rawValue: text) else {
            throw Complaint("\(ValueText.quoted(text)) is not a log format", "write logfmt or json")
        }
        self = format
    }
}

extension ReadyWhen {
    fileprivate init(text: String) throws(Complaint) {
        guard let condition = ReadyWhen(rawValue: text) else {
            throw Complaint(
                "\(ValueText.quoted(text)) does not say when a node is ready", "write decided or advertised")
        }
        self = condition
    }
}
