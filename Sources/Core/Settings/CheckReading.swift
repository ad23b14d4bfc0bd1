import BGPWire
import Health
import IPTypes

/// A check as read, and the entry of a file that says it.
struct CheckEntry {
    var check: Located<Check>
    var item: FileItem?
    /// True if the check goes by HTTP; and if that is with TLS.
    var isHTTP: Bool
    var isHTTPS: Bool
}

extension Reading {
    /// The checks for every VIP that names none of its own; empty if each names its own.
    /// - Parameter acceptsAnonymousRefusal: true if an HTTP check is content with a server that refuses it for want of
    ///   credentials, because the check was not chosen by the operator.
    mutating func checks(areNeeded: Bool, acceptsAnonymousRefusal: Bool) -> [CheckEntry] {
        var options = checkOptions()
        options.http.acceptsAnonymousRefusal = acceptsAnonymousRefusal
        if let items = items[.check] {
            return uniqued(items.compactMap { check($0) })
        }
        guard areNeeded || has(.check) else { return [] }
        if texts(.check).map(\.text.trimmed) == ["none"] {
            notices.append("no check is set: the addresses are advertised whatever the service does")
            return []
        }
        let texts = list(.check, split: CheckText.entries) { text, _ throws(Complaint) in
            (name: CheckText.shown(text).onOneLine, check: try CheckText(text))
        }
        return uniqued(
            texts.map { text in
                refuseExposedToken(text.value.check, name: text.value.name, options)
                return CheckEntry(text.value.check, at: text.with(options.check(text.value.name, text.value.check)))
            })
    }

    /// A check that a file describes; nil if it does not say enough.
    mutating func check(_ item: FileItem) -> CheckEntry? {
        let nameText = item.name ?? item.field("name")
        let name = value(nameText, Self.checkName)
        let options = within(item) { $0.checkOptions() }
        let kinds = ["url", "tcp", "exec"].filter { item.fields[$0] != nil }
        if item.text == nil, kinds.count != 1 {
            errors.append(
                SettingError(
                    origin: item.name?.origin ?? item.origin,
                    problem: kinds.isEmpty
                        ? "the check does not say what to probe" : "the check has \(kinds.joined(separator: " and "))",
                    remedy: "give one of url, tcp and exec"))
            return nil
        }
        let text: CheckText? =
            if let words = item.fields["exec"], words.first?.isEntry == true {
                value(words.first) { program throws(Complaint) in
                    try CheckText(program: program, arguments: words.dropFirst().map(\.text))
                }
            } else {
                value(item.text ?? kinds.first.flatMap { item.field($0) }) { text throws(Complaint) in
                    try CheckText(text, under: kinds.first)
                }
            }
        guard let text else { return nil }
        let shownName = name ?? item.checkText.map(CheckText.shown)?.onOneLine ?? ""
        refuseExposedToken(text, name: shownName, options)
        let entry = CheckEntry(
            text,
            at: Located(
                value: options.check(shownName, text),
                origin: item.name?.origin ?? item.origin),
            item)
        refuseUselessOptions(of: item, isHTTP: entry.isHTTP, isHTTPS: entry.isHTTPS)
        return nameText != nil && name == nil ? nil : entry
    }

    private mutating func uniqued(_ checks: [CheckEntry]) -> [CheckEntry] {
        var known: [String: Check] = [:]
        return checks.compactMap { entry in
            var entry = entry
            let name = entry.check.value.name
            // URLs that differ only in what is not shown.
            for number in 2..<100 where name.hasSuffix("?\(HTTPCheck.hidden)") {
                guard let other = known[entry.check.value.name], other.kind != entry.check.value.kind else { break }
                entry.check.value.name = "\(name)#\(number)"
            }
            guard known.updateValue(entry.check.value, forKey: entry.check.value.name) == nil else {
                errors.append(entry.check.error("this check is given twice", "remove one of the two entries"))
                return nil
            }
            tellSlowDetection(entry.check.value)
            return entry
        }
    }

    /// A bearer token is for the server alone: whoever can read or take over its connection has the token.
    private mutating func refuseExposedToken(_ check: CheckText, name: String, _ options: CheckOptions) {
        guard case .http(let http) = options.http.kind(of: check), http.bearerTokenFile != nil else { return }
        switch http.tls {
        case nil:
            notices.append("check \(name): the bearer token is sent over plain HTTP, where others may read it")
        case .some(let tls) where !tls.verifies && options.http.isInsecure == nil:
            errors.append(
                SettingError(
                    origin: options.http.tokenOrigin,
                    problem: "the token of check \(name) would go to a server whose certificate is not verified: "
                        + "while the service is down, any local user can take its port",
                    remedy: options.http.isEntrys
                        ? "give caFile, or insecure: true to send it all the same"
                        : "give --check-ca-file, or --check-insecure to send it all the same"))
        case .some:
            break
        }
    }

    /// Of a hanging service each probe takes the whole timeout, and the next one waits for it. Checks by HTTP know silence
    /// from slowness.
    private mutating func tellSlowDetection(_ check: Check) {
        guard check.timeout > check.interval, !check.hearsLateAnswers else { return }
        notices.append(
            "check \(check.name): the timeout is longer than the interval, so a service that hangs is noticed after up to "
                + "interval + fall × timeout = \(ValueText.spelled(check.interval + check.timeout * check.fall))")
    }

    private mutating func checkOptions() -> CheckOptions {
        let limit = Duration.seconds(3600)
        let interval = value(.checkInterval) { text throws(Complaint) in
            try ValueText.duration(text, in: .milliseconds(10)...limit)
        }
        let timeout = value(.checkTimeout) { text throws(Complaint) in
            try ValueText.duration(text, in: .milliseconds(1)...limit)
        }
        let rise = value(.checkRise) { text throws(Complaint) in try ValueText.number(text, in: 1...100) }
        let fall = value(.checkFall) { text throws(Complaint) in try ValueText.number(text, in: 1...100) }
        let failFast = value(.checkFailFast, ValueText.boolean)
        return CheckOptions(
            interval: interval ?? .seconds(1), timeout: timeout, rise: rise ?? 2, fall: fall ?? 3,
            failFast: failFast ?? true, http: httpOptions())
    }

    /// A name for tables, logs and metrics.
    private static func checkName(_ text: String) throws(Complaint) -> String {
        let isName = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (97...122).contains(byte | 0x20) || "-._".utf8.contains(byte)
        }
        guard isName, (1...64).contains(text.utf8.count), text != "none" else {
            throw Complaint(
                "\(ValueText.quoted(text)) is not a name for a check", "use up to 64 letters, digits, - . and _")
        }
        return text
    }

    private mutating func httpOptions() -> HTTPOptions {
        let statuses = list(.checkStatus) { text, _ throws(Complaint) in try StatusText(text) }
        let options = HTTPOptions(
            caFile: value(.checkCAFile, ValueText.path), certificateFile: value(.checkCertFile, ValueText.path),
            keyFile: value(.checkKeyFile, ValueText.path), isInsecure: value(.checkInsecure, ValueText.boolean),
            host: value(.checkHost, Self.host), statuses: Set(statuses.flatMap(\.value.codes)).sorted(),
            body: value(.checkBody) { text throws(Complaint) in text },
            tokenFile: value(.checkTokenFile, ValueText.path), tokenOrigin: origin(.checkTokenFile),
            isEntrys: !own.isEmpty)
        if has(.checkCertFile) != has(.checkKeyFile) {
            fail(
                has(.checkCertFile) ? .checkCertFile : .checkKeyFile, "a client certificate needs both files",
                own.isEmpty
                    ? "give --check-cert-file and --check-key-file, or BGPVIP_CHECK_CERT_FILE and BGPVIP_CHECK_KEY_FILE"
                    : "give certFile and keyFile")
        }
        // An entry that accepts any certificate may do so although there is a CA file for the others.
        let isException = own.contains(.checkInsecure) && !own.contains(.checkCAFile)
        if options.isInsecure == true, has(.checkCAFile), !isException {
            fail(.checkInsecure, "any certificate is accepted, so the CA file has no effect", "remove one of them")
        }
        return options
    }

    /// True if it is given what an answer must be, or how to be let in.
    var saysWhatIsHealthy: Bool {
        [.checkStatus, .checkBody, .checkTokenFile, .checkCertFile].contains(where: has)
    }

    private static let ofHTTP: [Setting] = [.checkHost, .checkStatus, .checkBody, .checkTokenFile]
    private static let ofHTTPS: [Setting] = [.checkCAFile, .checkCertFile, .checkKeyFile, .checkInsecure]

    /// An option that no check looks at is a misunderstanding.
    mutating func refuseUselessOptions(for checks: [CheckEntry]) {
        for key in Self.ofHTTP where has(key) && !checks.contains(where: \.isHTTP) {
            fail(key, "has no effect, since no check uses HTTP", "remove it")
        }
        for key in Self.ofHTTPS where has(key) && !checks.contains(where: \.isHTTPS) {
            fail(key, "has no effect, since no check uses HTTPS", "remove it")
        }
    }

    private mutating func refuseUselessOptions(of item: FileItem, isHTTP: Bool, isHTTPS: Bool) {
        for key in Self.ofHTTP + Self.ofHTTPS {
            guard let text = item.own[key]?.first, !(isHTTPS || isHTTP && Self.ofHTTP.contains(key)) else { continue }
            let scheme = Self.ofHTTP.contains(key) ? "HTTP" : "HTTPS"
            errors.append(
                SettingError(
                    origin: text.origin, problem: "has no effect, since the check does not use \(scheme)",
                    remedy: "remove it"))
        }
    }

    private static func host(_ text: String) throws(Complaint) -> String {
        let isName = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (97...122).contains(byte | 0x20) || "-._:[]".utf8.contains(byte)
        }
        guard isName, text.utf8.count <= 255 else { throw Complaint("\(ValueText.quoted(text)) is not a host name") }
        return text
    }
}

/// What is set for a check besides what it asks.
private struct CheckOptions {
    var interval: Duration
    /// Nil leaves it to the kind of check.
    var timeout: Duration?
    var rise: Int
    var fall: Int
    var failFast: Bool
    var http: HTTPOptions

    func check(_ name: String, _ text: CheckText) -> Check {
        Check(
            name: name, kind: http.kind(of: text), interval: interval, timeout: timeout, rise: rise, fall: fall,
            failFast: failFast)
    }
}

/// What is set for HTTP checks.
private struct HTTPOptions {
    var caFile: String?
    var certificateFile: String?
    var keyFile: String?
    var isInsecure: Bool?
    var host: String?
    var statuses: [Int]
    var body: String?
    var tokenFile: String?
    var tokenOrigin: Origin
    /// True if an entry of a file has options of its own.
    var isEntrys: Bool
    var acceptsAnonymousRefusal = false

    func kind(of check: CheckText) -> Check.Kind {
        switch check {
        case .tcp(let target): return .tcp(target)
        case .exec(let words): return .exec(words)
        case .http(let isSecure, let target, let path, let hostInURL):
            // As the kubelet does it: on loopback no other host is in between, and the API server's certificate does
            // not name 127.0.0.1.
            let verifies = isInsecure.map { !$0 } ?? (caFile != nil || !target.address.isLoopback)
            let tls = HTTPCheck.TLSOptions(
                caFile: caFile, certificateFile: certificateFile, keyFile: keyFile, verifies: verifies)
            return .http(
                HTTPCheck(
                    target: target, path: path, host: host ?? hostInURL, tls: isSecure ? tls : nil,
                    expectedStatus: statuses, bodyContains: body, bearerTokenFile: tokenFile,
                    acceptsAnonymousRefusal: acceptsAnonymousRefusal))
        }
    }
}

extension CheckEntry {
    init(_ text: CheckText, at check: Located<Check>, _ item: FileItem? = nil) {
        self.check = check
        self.item = item
        isHTTP = if case .http = text { true } else { false }
        isHTTPS = if case .http(secure: true, _, _, _) = text { true } else { false }
    }
}

extension FileItem {
    /// What an entry of checks asks, as one text: its name if it has no other.
    var checkText: String? {
        if let text { return text.text.trimmed }
        if let name = field("name") { return name.text.trimmed }
        if let url = field("url") { return url.text.trimmed }
        if let target = field("tcp") { return "tcp://" + target.text.trimmed }
        return fields["exec"].map { "exec:" + $0.map(\.text).joined(separator: " ") }
    }
}
