/// An HTTP/1.1 response that ended with the connection.
struct HTTPResponseText {
    var code: Int
    var body: [UInt8]

    /// What is wrong with bytes that should be a response.
    enum Fault: String, Error {
        case empty = "there is no answer"
        case notHTTP = "the answer is not HTTP"
        case cut = "the answer ends early"
    }

    init(_ bytes: [UInt8]) throws(Fault) {
        if bytes.isEmpty { throw .empty }
        let blankLine = Array("\r\n\r\n".utf8)
        guard
            let headEnd = bytes.indices.first(where: { bytes[$0...].starts(with: blankLine) })
        else { throw bytes.starts(with: Array("HTTP/1.".utf8)) ? .cut : .notHTTP }
        let lines = String(decoding: bytes[..<headEnd], as: UTF8.self).split(whereSeparator: \.isNewline)
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let code = Int(words[1]) else { throw .notHTTP }
        let length = lines.lazy.compactMap { line -> Int? in
            let field = line.split(separator: ":", maxSplits: 1)
            guard field.count == 2, field[0].lowercased() == "content-length" else { return nil }
            return Int(String(field[1].drop { $0 == " " }))
        }.first
        let body = bytes[headEnd...].dropFirst(blankLine.count)
        guard let length, length >= 0 else { throw .notHTTP }
        guard body.count >= length else { throw .cut }
        self.code = code
        self.body = Array(body.prefix(length))
    }
}
