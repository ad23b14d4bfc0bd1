import Deadlines
import IPTypes

/// Why the API gave no answer that is of use.
package enum APIFailure: Error, Sendable, Hashable {
    /// What a connection needs cannot be had: a token, a certificate, an address.
    case access(String)
    /// No connection, or it broke.
    case transport(String)
    /// What came is not what the API speaks.
    case unreadable(String)
    /// Nothing came in this time.
    case silent(Duration)
    /// The API refused.
    case refused(code: Int, reason: String, message: String, retryAfter: Duration?)

    init(_ status: APIStatus) {
        self = .refused(
            code: status.code, reason: status.reason, message: status.message, retryAfter: status.retryAfter)
    }

    var retryAfter: Duration? {
        if case .refused(_, _, _, let time) = self { time } else { nil }
    }

    /// The version that a watch or a page was asked from is too old.
    var isExpired: Bool {
        if case .refused(410, _, _, _) = self { true } else { false }
    }

    /// True if the API has answered, and refused.
    var isRefusal: Bool {
        if case .refused = self { true } else { false }
    }

    /// True if asking from the same version again may help.
    var isOfTheMoment: Bool {
        switch self {
        case .access, .transport, .silent: true
        case .unreadable: false
        case .refused(let code, _, _, _): code == 429 || code >= 500 || code == 401 || code == 403
        }
    }
}

extension APIFailure: CustomStringConvertible {
    /// One line, with what to do where that is known.
    package var description: String {
        switch self {
        case .access(let text), .transport(let text): return printable(text)
        case .unreadable(let text): return "the answer of the API server cannot be read: \(text)"
        case .silent(let time): return "the API server did not answer within \(time.milliseconds / 1000) s"
        case .refused(let code, let reason, let message, _):
            let said = message.isEmpty ? reason : message
            let words = printable(String(String.UnicodeScalarView(said.unicodeScalars.prefix(500))))
            let answer = "the API server answered \(code)" + (words.isEmpty ? "" : ": \(words)")
            switch code {
            case 401: return answer + "; check that the token or client certificate is valid"
            case 403: return answer + "; grant it in the ClusterRole of `bgpvip manifest daemonset --services`"
            default: return answer
            }
        }
    }

    /// A text with foreign names or words in it, on one line.
    private func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isPrintable ? $0 : " " }))
    }
}
