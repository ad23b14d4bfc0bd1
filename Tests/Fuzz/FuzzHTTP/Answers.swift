import Fuzzing
import Health
import IPTypes
import SpeakerCore

/// What a check sends, and nobody may see.
private let token = "kKa7qQz2xWv9"
private let value = "Zx81Jm40Lq"

/// The answer of a checked service: an octet for the check, one for the status, one for the size of the pieces, a header
/// `Location` with its length in front, counted from `@`, and the body.
///
/// Whole or in pieces it is worth the same, and so it is once it is decided. What is said of it is one line, not too long,
/// and holds no secret of the request.
func checkAnswer(_ input: [UInt8]) {
    var octets = Octets(input)
    let (kind, status, size) = (octets.argument(), octets.argument(), Int(octets.argument()) + 1)
    let location = octets.arguments()
    var body: [UInt8] = []
    while let octet = octets.next() { body.append(octet) }
    let check = HTTPCheck(fuzzed: kind)
    func answer(_ pieces: [ArraySlice<UInt8>]) -> HTTPAnswer {
        var answer = HTTPAnswer(
            status: [200, 401, 403, 301, 404, 500, 204, 0][Int(status & 7)],
            location: location.isEmpty ? nil : String(decoding: location, as: UTF8.self), to: check,
            token: check.bearerTokenFile == nil ? nil : token)
        for piece in pieces { answer.append(piece) }
        return answer
    }
    let whole = answer([body[...]])
    let pieces = stride(from: 0, to: body.count, by: size).map { body[$0..<min($0 + size, body.count)] }
    require(answer(pieces).outcome == whole.outcome, "\(whole.outcome), in pieces \(answer(pieces).outcome)")
    let head = answer([])
    if head.isDecided { require(isPass(head.outcome) == isPass(whole.outcome), "the body changes \(head.outcome)") }
    switch whole.outcome {
    case .passed: require(check.expectedStatus.contains(200) && status & 7 == 0, "passed with \(status & 7)")
    case .failed(let reason, _), .anonymousRefused(let reason, _):
        requireOneLine(reason)
        require(reason.count < 1000, "\(reason.count) characters: \(reason)")
        require(!reason.contains(token) || check.bearerTokenFile == nil, "the token is shown: \(reason)")
        require(!reason.contains(value), "the query is shown: \(reason)")
    }
}

private func isPass(_ outcome: Outcome) -> Bool { outcome == .passed }

extension HTTPCheck {
    /// Bits: 1 TLS, 2 with a client certificate, 4 a token, 8 a text that the body must contain.
    fileprivate init(fuzzed kind: UInt8) {
        func has(_ bit: UInt8) -> Bool { kind & bit != 0 }
        let options = TLSOptions(
            certificateFile: has(2) ? "/c.pem" : nil, keyFile: has(2) ? "/k.pem" : nil, verifies: true)
        self.init(
            target: SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443), path: "/readyz?pw=" + value,
            host: "127.0.0.1", tls: has(1) ? options : nil, bodyContains: has(8) ? "ok" : nil,
            bearerTokenFile: has(4) ? "/token" : nil)
    }
}

/// A token can stand in a header, and white space around it does not matter.
func checkToken(_ bytes: [UInt8]) {
    guard let token = bearerToken(in: bytes) else {
        let isOneWord = bytes.split(whereSeparator: { $0 <= 0x20 }).count == 1
        require(!isOneWord || bytes.contains { $0 >= 0x7F }, "a token is refused")
        return
    }
    require(!token.isEmpty && token.utf8.allSatisfy { (0x21..<0x7F).contains($0) }, "\(token) is no token")
    require(bearerToken(in: [0x20, 0x0A] + Array(token.utf8) + [0x0D, 0x0A]) == token, "\(token) comes back changed")
}

/// The reason in a drain file can be told to every router and shown to everybody.
func checkDrainFile(_ bytes: [UInt8]) {
    guard let reason = DrainReason.firstLine(of: bytes) else { return }
    requireOneLine(reason)
    require(DrainReason.fault(of: reason) == nil, "\(reason): \(DrainReason.fault(of: reason) ?? "")")
    require(DrainReason.firstLine(of: reason.utf8) == reason, "\(reason) comes back changed")
    require(DrainReason.shortened(reason) == nil, "\(reason) is too long")
}
