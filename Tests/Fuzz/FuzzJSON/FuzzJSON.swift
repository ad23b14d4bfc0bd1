import Fuzzing
import JSON

/// What libFuzzer calls: an answer of an API server.
///
/// The first octet says what is selected and how the rest is cut into pieces. Cut or whole, it must be the same; and what
/// has been read is written and read again.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
    guard let kind = input.first else { return 0 }
    let stream = input.dropFirst()
    let selection = selections[Int(kind % 4)]
    let whole = Reading(of: [Array(stream)], selection)
    let size = Int(kind / 4) + 1
    var pieces: [[UInt8]] = []
    var rest = stream
    while !rest.isEmpty {
        pieces.append(Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
    }
    require(Reading(of: pieces, selection) == whole, "pieces of \(size) are read in another way")
    if let error = whole.error { requireOneLine("\(error)") }
    for case .document(let value) in whole.outputs {
        // A number ends with what comes behind it. Numbers are as they were written, and not checked.
        let again = Reading(of: [value.utf8 + [0x20]], .all)
        require(again.outputs == [.document(value)], "\(value) is another value when it is read again")
    }
    return 0
}

private let selections: [JSONSelection] = [
    .all, .members(["a": .all, "b": .each(.members(["a": .all]))]),
    .members(["items": .handedOver(.members(["a": .all])), "metadata": .members(["continue": .all])]),
    .each(.each(.all)),
]

/// What comes of a stream.
private struct Reading: Equatable {
    var outputs: [JSONReader.Output] = []
    var error: JSONError?
    var isBetweenDocuments = true

    init(of pieces: [[UInt8]], _ selection: JSONSelection) {
        var reader = JSONReader(selection)
        do throws(JSONError) {
            for piece in pieces { try reader.read(piece.span) { outputs.append($0) } }
        } catch {
            self.error = error
        }
        isBetweenDocuments = reader.isBetweenDocuments
    }
}
