import BGPWire
import Health
import IPTypes

extension Reading {
    /// The checks, with the options that are set for all of them.
    mutating func checks() -> [Located<Check>] {
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
        let options = httpOptions()

        let isNone = texts(.check).map(\.text.trimmed) == ["none"]
        let texts =
            isNone
            ? []
            : list(.check, split: CheckText.entries) { text, _ throws(Complaint) in
                (name: text, check: try CheckText(text))
            }
        if !has(.check) || !texts.isEmpty || isNone {
            refuseUselessOptions(for: texts.map(\.value.check))
        }
        var checks: [Located<Check>] = []
        for text in texts {
            if checks.contains(where: { $0.value.name == text.value.name }) {
                errors.append(
                    Located(value: (), origin: text.origin, entry: text.entry, column: text.column)
                        .error("this check is there already", "remove one of the two entries"))
                continue
            }
            let check = Check(
                name: text.value.name, kind: options.kind(of: text.value.check), interval: interval ?? .seconds(1),
                timeout: timeout ?? .seconds(1), rise: rise ?? 2, fall: fall ?? 3, failFast: failFast ?? true)
            checks.append(Located(value: check, origin: text.origin, entry: text.entry, column: text.column))
        }
        if isNone { notices.append("no check is set: the addresses are advertised whatever the service does") }
        return checks
    }

    private mutating func httpOptions() -> HTTPOptions {
        let statuses = list(.checkStatus) { text, _ throws(Complaint) in try StatusText(text) }
        let options = HTTPOptions(
            caFile: value(.checkCAFile, ValueText.path), certificateFile: value(.checkCertFile, ValueText.path),
            keyFile: value(.checkKeyFile, ValueText.path), isInsecure: value(.checkInsecure, ValueText.boolean),
            host: value(.checkHost, Self.host), statuses: Set(statuses.flatMap(\.value.codes)).sorted(),
            body: value(.checkBody) { text throws(Complaint) in text },
            tokenFile: value(.checkTokenFile, ValueText.path))
        if has(.checkCertFile) != has(.checkKeyFile) {
            fail(
                has(.checkCertFile) ? .checkCertFile : .checkKeyFile, "a client certificate needs both files",
                "give --check-cert-file and --check-key-file")
        }
        if options.isInsecure == true, has(.checkCAFile) {
            fail(.checkInsecure, "any certificate is accepted, so the CA file has no effect", "remove one of them")
        }
        return options
    }

    /// An option that no check looks at is a misunderstanding.
    private mutating func refuseUselessOptions(for checks: [CheckText]) {
        let isHTTP = checks.contains { if case .http = $0 { true } else { false } }
        let isHTTPS = checks.contains { if case .http(secure: true, _, _, _) = $0 { true } else { false } }
        let ofHTTP: [SettingKey] = [.checkHost, .checkStatus, .checkBody, .checkTokenFile]
        let ofHTTPS: [SettingKey] = [.checkCAFile, .checkCertFile, .checkKeyFile, .checkInsecure]
        for key in ofHTTP where !isHTTP && has(key) {
            fail(key, "has no effect, since no check uses HTTP", "remove it")
        }
        for key in ofHTTPS where !isHTTPS && has(key) {
            fail(key, "has no effect, since no check uses HTTPS", "remove it")
        }
    }

    private static func host(_ text: String) throws(Complaint) -> String {
        let isName = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (97...122).contains(byte | 0x20) || "-._:[]".utf8.contains(byte)
        }
        guard isName, text.utf8.count <= 255 else { throw Complaint("\(ValueText.quoted(text)) is not a host name") }
        return text
    }

    /// Refuses addresses that stand in each other's way.
    mutating func checkAddresses(
        _ vips: [Located<IPPrefix>], peers: [Located<PeerText>], checks: [Located<Check>], routerID: BGPIdentifier?
    ) {
        for (index, vip) in vips.enumerated() {
            let address = vip.value.address
            if vips[..<index].contains(where: { $0.value == vip.value }) {
                errors.append(vip.error("\(address) is there already", "remove one of the two entries"))
            }
            if peers.contains(where: { $0.value.address.address == address }) {
                errors.append(vip.error("\(address) is the address of a peer", "choose an address that nobody has"))
            }
            if let check = checks.first(where: { $0.value.kind.target?.address == address }) {
                errors.append(
                    check.error(
                        "the check asks the virtual address \(address), which is bound only after the check has passed",
                        "ask the service on an address of the node, for example 127.0.0.1"))
            }
            if let routerID, case .v4(let number) = address, routerID.value == number.value {
                fail(
                    .routerID, "\(routerID) is a virtual address, so that all nodes would have the same identifier",
                    "give the node's own address")
            }
        }
    }
}

/// What is set for all HTTP checks.
private struct HTTPOptions {
    var caFile: String?
    var certificateFile: String?
    var keyFile: String?
    var isInsecure: Bool?
    var host: String?
    var statuses: [Int]
    var body: String?
    var tokenFile: String?

    func kind(of check: CheckText) -> Check.Kind {
        switch check {
        case .tcp(let target): return .tcp(target)
        case .exec(let words): return .exec(words)
        case .http(let isSecure, let target, let path, let hostInURL):
            // As the kubelet does it: on loopback nobody can stand between, and the API server's certificate does
            // not name 127.0.0.1.
            let verifies = isInsecure.map { !$0 } ?? (caFile != nil || !target.address.isLoopback)
            let tls = HTTPCheck.TLSOptions(
                caFile: caFile, certificateFile: certificateFile, keyFile: keyFile, verifies: verifies)
            return .http(
                HTTPCheck(
                    target: target, path: path, host: host ?? hostInURL, tls: isSecure ? tls : nil,
                    expectedStatus: statuses, bodyContains: body, bearerTokenFile: tokenFile))
        }
    }
}

extension Check.Kind {
    /// Where the check connects to; nil for a program.
    fileprivate var target: SocketTarget? {
        switch self {
        case .http(let check): check.target
        case .tcp(let target): target
        case .exec: nil
        }
    }
}
