import ConfigFile
import Fuzzing
import Settings

/// The values of a file with their places.
func root(_ bytes: [UInt8]) -> Result<FileNode, FileFault> {
    do throws(FileFault) {
        return .success(try tree(of: bytes))
    } catch {
        return .failure(error)
    }
}

/// Every value stands somewhere in the file.
func checkPlaces(of root: FileNode, in bytes: [UInt8]) {
    for place in root.places { check(place, in: bytes) }
}

/// A place is on one of the file's lines, or behind the last. YAML ends lines in more ways than one.
func check(_ place: FilePlace, in bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    let breaks = text.unicodeScalars.count { "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) }
    require((1...breaks + 2).contains(place.line), "line \(place.line) of \(breaks + 1)")
    require((1...bytes.count + 1).contains(place.column), "column \(place.column) in \(bytes.count) bytes")
}

/// What was read means the same when it is written out, quoted, and read again.
func checkRoundTrip(_ tree: FileNode) {
    let written = Array(tree.written.utf8)
    trace(tree.written)
    switch root(written) {
    case .success(let again): require(again.written == tree.written, "\(tree.written) comes back as \(again.written)")
    case .failure(let fault): require(false, "\(tree.written) comes back as \(fault)")
    }
}

extension FileNode {
    fileprivate var places: [FilePlace] {
        switch content {
        case .scalar: [place]
        case .sequence(let nodes): [place] + nodes.flatMap(\.places)
        case .mapping(let entries): [place] + entries.flatMap { [$0.place] + $0.value.places }
        }
    }

    /// The values as YAML on one line.
    fileprivate var written: String {
        switch content {
        case .scalar(let text): quoted(text)
        case .sequence(let nodes): "[" + nodes.map(\.written).joined(separator: ", ") + "]"
        case .mapping(let entries):
            "{" + entries.map { "? \(quoted($0.key)) : \($0.value.written)" }.joined(separator: ", ") + "}"
        }
    }

    private func quoted(_ text: String) -> String {
        let octets = text.unicodeScalars.map { scalar in
            scalar.isASCII && scalar.value >= 0x20 && scalar != "\"" && scalar != "\\" && scalar.value != 0x7F
                ? String(scalar) : "\\U" + padded(scalar.value)
        }
        return "\"\(octets.joined())\""
    }

    private func padded(_ number: UInt32) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
