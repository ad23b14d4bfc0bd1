import FoundationEssentials
import SpeakerCore

/// How JSON is laid out.
package enum JSONLayout: Sendable {
    /// On one line, for programs.
    case compact
    /// Indented, for people.
    case pretty
}

/// A value as JSON with sorted keys, so that equal values give equal text. Throws on a number that is not finite.
package func json(_ value: some Encodable, _ layout: JSONLayout) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if layout == .pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

extension Decodable {
    /// The value that JSON text holds.
    init(json: [UInt8]) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(json))
    }
}

/// What is wrong with JSON, in one sentence.
func wordsOfDecodingError(_ error: any Error) -> String {
    func place(_ path: [any CodingKey]) -> String {
        path.isEmpty ? "the answer" : path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
    return switch error {
    case DecodingError.keyNotFound(let key, let context): "\(place(context.codingPath)) has no \(key.stringValue)"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
        "\(place(context.codingPath)) has another type than expected"
    default: "the answer is not JSON"
    }
}
