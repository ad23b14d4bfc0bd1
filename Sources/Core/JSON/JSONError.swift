/// Why bytes cannot be read as JSON.
package enum JSONError: Error, Sendable, Hashable {
    /// This byte may not stand there; the place is counted from the start of the stream, from 0.
    case unexpected(UInt8, at: Int)
    /// Arrays and objects lie deeper in each other than is read.
    case tooDeep
    /// More is selected of one document than is kept.
    case tooLarge
}

extension JSONError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unexpected(let byte, let place):
            switch byte {
            case 0x21..<0x7F: "\"\(Character(Unicode.Scalar(byte)))\" is not JSON at byte \(place)"
            default: "a byte of value \(byte) is not JSON at byte \(place)"
            }
        case .tooDeep: "its values are nested more than \(JSONReader.mostNesting) deep"
        case .tooLarge: "more than \(JSONReader.mostKept >> 20) MiB of it would have to be kept"
        }
    }
}
