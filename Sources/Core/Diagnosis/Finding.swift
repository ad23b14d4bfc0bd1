/// Something that keeps the VIPs from working, or will: seen on the node, or in what the daemon or a router says.
package struct Finding: Encodable, Sendable, Hashable {
    /// How bad it is.
    package enum Severity: String, Encodable, Sendable, Hashable {
        /// Traffic does not arrive, or not over this router.
        case fault
        /// It works, and breaks when something else happens.
        case warning
        /// Someone wanted it so, or it costs little.
        case notice
    }

    /// A stable code, such as `peer-refused`.
    package var code: Code
    /// `fault`, `warning` or `notice`.
    package var severity: Severity
    /// What it is about: a VIP, a peer, a check, an interface, a file.
    package var subject: String
    /// What was seen.
    package var evidence: String
    /// What follows from it.
    package var consequence: String
    /// What to do.
    package var remedy: String

    /// A finding with the consequence and the remedy of its kind, and with its severity unless that is given.
    /// `switchCommand` is what a remedy names that asks for the router's configuration.
    package init(
        _ code: Code, _ subject: String, _ evidence: String, severity: Severity? = nil,
        switchCommand: String = "bgpvip tor-config DIALECT --node …"
    ) {
        let kind = code.kind
        self.code = code
        self.severity = severity ?? kind.severity
        self.subject = subject
        self.evidence = evidence
        self.consequence = kind.consequence
        remedy = kind.remedy(subject: subject, switchCommand: switchCommand)
    }
}

/// What is the same in all findings of one code.
struct FindingKind {
    var severity: Finding.Severity
    var consequence: String
    /// The text in which `%` is replaced by the subject of the finding, and `@` by the command for the router's side.
    private var template: String

    init(_ severity: Finding.Severity, _ consequence: String, _ template: String) {
        self.severity = severity
        self.consequence = consequence
        self.template = template
    }

    /// What to do.
    func remedy(subject: String, switchCommand: String) -> String {
        template.reduce(into: "") { text, character in
            switch character {
            case "%": text += subject
            case "@": text += switchCommand
            default: text.append(character)
            }
        }
    }
}
