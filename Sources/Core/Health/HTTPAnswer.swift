import IPTypes

/// An HTTP response as it comes in, and what it says about the service.
package struct HTTPAnswer: Sendable {
    /// How much of the body is searched.
    package static let searchedBytes = 64 * 1024
    /// How much of the body is looked at for the reason of a failure.
    private static let quotedBytes = 16 * 1024

    private let status: Int
    private let location: String?
    private let check: HTTPCheck
    private let token: String?
    private var body: [UInt8] = []
    private var received = 0

    /// An answer whose head has come; `location` is the header of that name, `token` what the request carried.
    package init(status: Int, location: String? = nil, to check: HTTPCheck, token: String? = nil) {
        self.status = status
        self.token = token
        self.location = location
        self.check = check
    }

    /// True when nothing that may follow can change the outcome.
    package var isFull: Bool { received >= Self.searchedBytes }

    /// True if the status alone passes or fails the probe, whatever becomes of the rest of the body.
    package var isDecided: Bool { !isExpected || check.bodyContains == nil }

    private var isExpected: Bool { check.expectedStatus.contains(status) }

    /// Takes the next part of the body.
    package mutating func append(_ bytes: some Collection<UInt8>) {
        received += bytes.count
        let wanted = !isExpected ? Self.quotedBytes : check.bodyContains == nil ? 0 : Self.searchedBytes
        body.append(contentsOf: bytes.prefix(max(wanted - body.count, 0)))
    }

    /// What the answer is worth, as far as it has come.
    package var outcome: Outcome {
        if !isExpected { return unexpected }
        if let text = check.bodyContains, !body.contains(bytes: Array(text.utf8)) {
            return failed("HTTP \(status), but the body does not contain \"\(text)\"\(quote)")
        }
        return .passed
    }

    private var unexpected: Outcome {
        switch status {
        case 401, 403:
            let words = message(in: body).map { ": \(excerpt(of: hidingSecrets(of: Array($0.utf8)), 200))" } ?? quote
            guard !check.hasCredentials else {
                return failed("HTTP \(status): the server refuses the credentials of the check\(words)")
            }
            return .anonymousRefused(
                reason: "HTTP \(status): the server refuses anonymous requests\(words); \(check.waysOfAccess(status))",
                isUnauthenticated: status == 401)
        case 300..<400:
            guard let location else { break }
            let place = excerpt(of: hidingSecrets(of: Array(HTTPCheck.hidingQuery(ofURL: location).utf8)))
            return failed("HTTP \(status) to \(place): redirects are not followed")
        default:
            break
        }
        return failed("HTTP \(status)\(quote)")
    }

    private func failed(_ reason: String) -> Outcome {
        .failed(reason: reason, definitive: false)
    }

    /// The beginning of the body, behind a colon; empty if there is none.
    private var quote: String {
        let quote = report(hidingSecrets(of: body))
        return quote.isEmpty ? "" : ": \(quote)"
    }

    /// `text` without what may be a secret of the request, and which a server may repeat: the token, and the query.
    private func hidingSecrets(of text: [UInt8]) -> [UInt8] {
        // What is shorter is no secret and occurs in many a text.
        let secrets = (check.query + [token?[...] ?? ""]).map { Array($0.utf8) }.filter { $0.count >= 6 }
        return secrets.reduce(text) { $0.replacing($1, by: Array(HTTPCheck.hidden.utf8)) }
    }

    /// Of a Kubernetes health report only the failures, of anything else the beginning.
    private func report(_ body: [UInt8]) -> String {
        let failures = body.split(separator: UInt8(ascii: "\n")).filter { $0.starts(with: "[-]".utf8) }
        return failures.isEmpty ? excerpt(of: body) : excerpt(of: Array(failures.joined(separator: " ".utf8)), 200)
    }
}

/// The first printable characters of what others sent, on one line.
package func excerpt(of bytes: [UInt8], _ most: Int = 80) -> String {
    // A character has at most a few bytes worth showing; the rest need not be decoded.
    let text = String(decoding: bytes.prefix(most * 8), as: UTF8.self)
    let printable = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isPrintable ? $0 : " " }))
    return String(printable.split(separator: " ").joined(separator: " ").prefix(most))
}

extension HTTPCheck {
    /// True if the check shows who it is.
    fileprivate var hasCredentials: Bool { bearerTokenFile != nil || tls?.certificateFile != nil }

    /// How to be let in, or to do without.
    fileprivate func waysOfAccess(_ status: Int) -> String {
        let certificate = "a client certificate (--check-cert-file, --check-key-file)"
        let token = "a bearer token (--check-token-file)"
        let credentials =
            tls == nil ? "\(token), with an https URL also \(certificate)" : "\(certificate) or \(token)"
        var ranges: [ClosedRange<Int>] = []
        for code in (expectedStatus + [status]).sorted() {
            if let last = ranges.last, last.upperBound + 1 >= code {
                ranges[ranges.count - 1] = last.lowerBound...max(code, last.upperBound)
            } else {
                ranges.append(code...code)
            }
        }
        let statuses = ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
        return "give \(credentials), or let the status count as healthy "
            + "(--check-status \(statuses.joined(separator: ",")))"
    }

    /// The query of the request and the values in it.
    fileprivate var query: [Substring] {
        guard let question = path.firstIndex(of: "?") else { return [] }
        let query = path[path.index(after: question)...]
        return [query] + query.split(separator: "&").map { $0.drop { $0 != "=" }.dropFirst() }
    }
}

extension [UInt8] {
    /// True if `part` occurs in the array.
    fileprivate func contains(bytes part: [UInt8]) -> Bool {
        part.isEmpty || self[...].first(part) != nil
    }

    /// The array with `other` in every place of `part`, which is not empty.
    fileprivate func replacing(_ part: [UInt8], by other: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = self[...]
        while let start = rest.first(part) {
            result += rest[..<start] + other
            rest = rest[start...].dropFirst(part.count)
        }
        return result + rest
    }
}

extension ArraySlice<UInt8> {
    /// Where `part` occurs first; nil if it does not.
    fileprivate func first(_ part: [UInt8]) -> Int? {
        guard let byte = part.first else { return nil }
        var start = startIndex
        while let found = self[start...].firstIndex(of: byte) {
            if self[found...].starts(with: part) { return found }
            start = found + 1
        }
        return nil
    }
}
