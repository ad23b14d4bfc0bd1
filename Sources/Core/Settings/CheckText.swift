import Health
import IPTypes

/// One entry of the check list, before the options for all checks are added.
enum CheckText: Hashable {
    case http(secure: Bool, target: SocketTarget, path: String, host: String)
    case tcp(SocketTarget)
    case exec([String])

    /// Parses `http://…`, `https://…`, `tcp://ADDRESS:PORT` or `exec:/PROGRAM ARGUMENTS`.
    init(_ text: String) throws(Complaint) {
        if let rest = text.dropping("https://") {
            self = try Self.http(rest, secure: true, offset: 8)
        } else if let rest = text.dropping("http://") {
            self = try Self.http(rest, secure: false, offset: 7)
        } else if let rest = text.dropping("tcp://") {
            let (address, port, _) = try Self.target(rest, offset: 6)
            guard let port else {
                throw Complaint("the port is missing", "write tcp://ADDRESS:PORT", offset: text.count)
            }
            self = .tcp(SocketTarget(address: address, port: port))
        } else if let rest = text.dropping("exec:") {
            self = try Self.exec(rest, offset: 5)
        } else if text == "none" {
            throw Complaint("none cannot stand beside other checks", "leave it out, or give it alone")
        } else {
            throw Complaint(
                "\(ValueText.quoted(HTTPCheck.hidingQuery(ofURL: text))) is not a check",
                "write http://…, https://…, tcp://ADDRESS:PORT, exec:/PROGRAM ARGUMENTS, or none")
        }
    }

    /// Parses what stands under `url`, `tcp` or `exec` in a file, or what stands for a whole check if that is nil.
    init(_ text: String, under key: String?) throws(Complaint) {
        switch key {
        case "tcp":
            self = try CheckText(text.hasPrefix("tcp://") ? text : "tcp://" + text)
        case "exec":
            self = try CheckText(text.hasPrefix("exec:") ? text : "exec:" + text)
        case "url":
            guard text.hasPrefix("http://") || text.hasPrefix("https://") else {
                throw Complaint(
                    "\(ValueText.quoted(HTTPCheck.hidingQuery(ofURL: text))) is not a URL",
                    "write http://… or https://…")
            }
            self = try CheckText(text)
        default:
            self = try CheckText(text)
        }
    }

    /// A program whose arguments are already apart, so that they may contain blanks.
    init(program: String, arguments: [String]) throws(Complaint) {
        guard program.hasPrefix("/") else {
            throw Complaint("the program is not an absolute path", "write for example /usr/bin/pgrep")
        }
        // An argument may have several lines: a script for a shell.
        self = .exec([try ValueText.shown(program)] + arguments)
    }

    /// Splits a list of checks at the commas that a scheme follows, so that a URL or a command may contain commas; within
    /// the quotation marks of a command it may contain schemes, too.
    static func entries(_ text: String) -> [ListEntry] {
        var start = text.startIndex
        var read = start
        var quotation = Quotation()
        return ListEntry.separated(text) { rest in
            if text[start...].drop(while: \.isWhitespace).hasPrefix("exec:") {
                text[read..<rest.startIndex].forEach { quotation.read($0) }
                read = rest.startIndex
            }
            let next = rest.dropFirst().drop { $0.isWhitespace }
            guard
                quotation.mark == nil,
                next.isEmpty || next.hasPrefix("none")
                    || ["http://", "https://", "tcp://", "exec:"].contains(where: { next.hasPrefix($0) })
            else { return false }
            start = rest.index(after: rest.startIndex)
            read = start
            quotation = Quotation()
            return true
        }
    }

    /// An entry as it is shown: a URL without its query, which may hold a secret.
    static func shown(_ text: String) -> String {
        text.hasPrefix("http") ? HTTPCheck.hidingQuery(ofURL: text) : text
    }

    /// True if the check goes to an address; nil if it goes to none.
    var target: SocketTarget? {
        switch self {
        case .http(_, let target, _, _), .tcp(let target): target
        case .exec: nil
        }
    }

    private static func http(_ rest: String, secure: Bool, offset: Int) throws(Complaint) -> CheckText {
        if let bad = rest.unicodeScalars.firstIndex(where: { $0.value <= 32 || $0.value >= 127 || $0 == "#" }) {
            throw Complaint(
                "the URL has a character that must be written as %XX, or a fragment",
                offset: offset + rest.distance(from: rest.startIndex, to: bad))
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else {
            throw Complaint(
                "user and password in the URL are not supported", "use --check-token-file or BGPVIP_CHECK_TOKEN_FILE",
                offset: offset)
        }
        let (address, port, host) = try target(String(authority), offset: offset)
        let path = rest[authority.endIndex...]
        return .http(
            secure: secure, target: SocketTarget(address: address, port: port ?? (secure ? 443 : 80)),
            path: path.hasPrefix("/") ? String(path) : "/" + path, host: host)
    }

    /// The address and port of a URL; `host` is what belongs into the Host header.
    private static func target(
        _ text: String, offset: Int
    ) throws(Complaint) -> (address: IPAddress, port: UInt16?, host: String) {
        let host: String
        let portText: String?
        do throws(Complaint) {
            (host, portText) = try ValueText.hostAndPort(text)
        } catch {
            throw Complaint(error.problem, error.remedy, offset: offset + error.offset)
        }
        var port: UInt16?
        if let portText {
            guard let number = UInt16(decimalDigits: portText), number > 0 else {
                throw Complaint(
                    "\(ValueText.quoted(portText)) is not a port from 1 to 65535",
                    offset: offset + text.count - portText.count)
            }
            port = number
        }
        // The static binary has no resolver, and a check that needs DNS fails when DNS does.
        if host == "localhost" { return (.v4(IPv4Address(0x7F00_0001)), port, host) }
        guard let address = IPAddress(host) else {
            throw Complaint(
                "\(ValueText.quoted(host)) is not an IP address, and names are not resolved",
                "write the address in the URL, for example 127.0.0.1, and give the name with --check-host or BGPVIP_CHECK_HOST (host in a file): it stays the name in the certificate",
                offset: offset)
        }
        return (address, port, address.isIPv4 ? host : "[\(address)]")
    }
}

/// HTTP status codes: `200`, or `200-399`.
struct StatusText {
    var codes: ClosedRange<Int>

    init(_ text: String) throws(Complaint) {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map {
            Int(decimalDigits: $0.trimmed)
        }
        guard let low = ends.first ?? nil, let high = ends.last ?? nil, low <= high, low >= 100, high <= 599 else {
            throw Complaint(
                "\(ValueText.quoted(text)) is not an HTTP status",
                "write a code from 100 to 599, or a range such as 200-299")
        }
        codes = low...high
    }
}

extension String {
    /// The text behind `prefix`; nil if it does not begin with it.
    func dropping(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
