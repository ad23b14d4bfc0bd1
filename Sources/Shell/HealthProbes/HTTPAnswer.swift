import Health
import NIOCore
import NIOHTTP1

/// An HTTP response as it comes in, and what it says about the service.
struct HTTPAnswer {
    /// How much of the body is searched.
    static let searchedBytes = 64 * 1024
    /// How much of the body is looked at for the reason of a failure.
    private static let quotedBytes = 4096

    private let status: Int
    private let location: String?
    private let check: HTTPCheck
    private var body: [UInt8] = []
    private var received = 0
    /// False if the service announced that it closes the connection after this answer.
    let keepsConnection: Bool

    init(head: HTTPResponseHead, expected check: HTTPCheck) {
        status = Int(head.status.code)
        location = head.headers.first(name: "Location")
        self.check = check
        // The parser counts a body without a length, which ends with the connection, as such an announcement.
        keepsConnection = head.isKeepAlive
    }

    /// True when nothing that may follow can change the outcome.
    var isFull: Bool { received >= Self.searchedBytes }

    private var isExpected: Bool { check.expectedStatus.contains(status) }

    mutating func append(_ bytes: ByteBuffer) {
        received += bytes.readableBytes
        let wanted = !isExpected ? Self.quotedBytes : check.bodyContains == nil ? 0 : Self.searchedBytes
        body.append(contentsOf: bytes.readableBytesView.prefix(max(wanted - body.count, 0)))
    }

    var outcome: Outcome {
        let quote = excerpt(of: body)
        let tail = quote.isEmpty ? "" : ": \(quote)"
        if !isExpected {
            if (300..<400).contains(status), let location {
                let place = excerpt(of: Array(location.utf8))
                return .failed(reason: "HTTP \(status) to \(place): redirects are not followed", definitive: false)
            }
            return .failed(reason: "HTTP \(status)\(tail)", definitive: false)
        }
        if let text = check.bodyContains, !body.contains(bytes: Array(text.utf8)) {
            let reason = "HTTP \(status), but the body does not contain \"\(text)\"\(tail)"
            return .failed(reason: reason, definitive: false)
        }
        return .passed
    }
}

extension [UInt8] {
    /// True if `part` occurs in the array.
    fileprivate func contains(bytes part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        var start = startIndex
        while let found = self[start...].firstIndex(of: first) {
            if self[found...].starts(with: part) { return true }
            start = found + 1
        }
        return false
    }
}
