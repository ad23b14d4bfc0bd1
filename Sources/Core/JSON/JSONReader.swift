/// Reads JSON documents, one behind the other, from a stream that comes in pieces of any size.
///
/// It keeps what is selected and skips the rest, so that memory is bounded by the selection and by `mostKept`, and the time
/// for a piece by its length. No bytes can trap. Of a number only the characters are checked. What is not valid UTF-8
/// becomes U+FFFD. Of two members with one name the last counts.
package struct JSONReader: Sendable {
    /// How deep arrays and objects may lie in each other.
    package static let mostNesting = 64
    /// How much is kept of one document, in bytes of its text and 32 for each value. Kubernetes stores no object over 1.5 MiB.
    package static let mostKept = 4 << 20

    /// What has been read.
    package enum Output: Sendable, Hashable {
        /// An element of an array that is handed over.
        case element(JSONValue)
        /// A whole document, as far as it is selected.
        case document(JSONValue)
    }

    /// What may come next.
    enum State: Sendable {
        case value
        case valueOrEnd
        case name
        case nameOrEnd
        case colon
        case separatorOrEnd
        case string
        case escape
        case codeUnit(digits: Int, UInt16)
        case number
        case literal(Literal, matched: Int)
    }

    enum Literal: Sendable {
        case yes, no, null

        private static let texts = (Array("true".utf8), Array("false".utf8), Array("null".utf8))

        var text: [UInt8] {
            switch self {
            case .yes: Self.texts.0
            case .no: Self.texts.1
            case .null: Self.texts.2
            }
        }

        var value: JSONValue {
            switch self {
            case .yes: .bool(true)
            case .no: .bool(false)
            case .null: .null
            }
        }
    }

    /// A collection of which something is kept.
    private struct Collection: Sendable {
        var selection: JSONSelection
        var elements: [JSONValue] = []
        var members: [String: JSONValue] = [:]
        /// The name of the member whose value comes next, in an object.
        var name = ""
        /// What was kept before this collection began.
        var keptBefore: Int
    }

    private let selection: JSONSelection
    var state = State.value
    /// For each collection that is open, from the lowest bit: 1 for an object, 0 for an array.
    private var isObject: UInt64 = 0
    private var depth = 0
    /// The outer ones of the open collections; the inner ones are skipped.
    private var collections: [Collection] = []
    /// What is kept of the value that comes next; nil for nothing.
    private var selected: JSONSelection?
    /// True if the string that is being read is the name of a member.
    private var isName = false
    /// True if the string or number that is being read is kept.
    private(set) var isKept = false
    /// The string or number as far as it has been read, if it is kept.
    var token: [UInt8] = []
    /// The first half of a pair of code units.
    var highSurrogate: UInt16?
    /// How much is kept of the present document.
    private(set) var kept = 0
    /// How many bytes have been read before this piece.
    private var position = 0
    private var failure: JSONError?

    /// A reader at the start of a stream.
    package init(_ selection: JSONSelection) {
        self.selection = selection
        selected = selection
    }

    /// True if no document has been begun that has not ended.
    package var isBetweenDocuments: Bool {
        if case .value = state { depth == 0 } else { false }
    }

    /// Reads a piece, and hands each output over as soon as it is complete. After an error every further piece throws it again.
    package mutating func read(_ bytes: Span<UInt8>, _ take: (Output) -> Void) throws(JSONError) {
        if let failure { throw failure }
        var index = 0
        do throws(JSONError) {
            while index < bytes.count {
                switch state {
                case .string: try readString(bytes, &index, take)
                case .number where bytes[index].isOfNumber:
                    if isKept { try append(bytes[index]) }
                    index += 1
                case .number: try endNumber(take)
                default:
                    let byte = bytes[index]
                    guard try step(byte, take) else { throw unexpected(byte, at: index) }
                    index += 1
                }
            }
        } catch {
            failure = error
            throw error
        }
        position &+= bytes.count
    }

    /// False if the byte may not come here.
    private mutating func step(_ byte: UInt8, _ take: (Output) -> Void) throws(JSONError) -> Bool {
        switch state {
        case .escape: return try escape(byte)
        case .codeUnit(let digits, let unit): return try codeUnit(digits, unit, byte)
        case .literal(let literal, let matched):
            guard literal.text[matched] == byte else { return false }
            state = .literal(literal, matched: matched + 1)
            if matched + 1 == literal.text.count { try end(literal.value, take) }
            return true
        case _ where byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09: return true
        case .value: return try begin(byte)
        case .valueOrEnd where byte == UInt8(ascii: "]"): try close(take)
        case .valueOrEnd: return try begin(byte)
        case .nameOrEnd where byte == UInt8(ascii: "}"): try close(take)
        case .name, .nameOrEnd:
            guard byte == UInt8(ascii: "\"") else { return false }
            isName = true
            beginString(isKept: collections.count == depth)
        case .colon:
            guard byte == UInt8(ascii: ":") else { return false }
            state = .value
        case .separatorOrEnd:
            switch (byte, isInObject) {
            case (UInt8(ascii: ","), true): state = .name
            case (UInt8(ascii: ","), false): state = .value
            case (UInt8(ascii: "}"), true), (UInt8(ascii: "]"), false): try close(take)
            default: return false
            }
        case .string, .number: return false
        }
        return true
    }

    private var isInObject: Bool { isObject & 1 == 1 }

    /// The first byte of a value; false if none begins so.
    private mutating func begin(_ byte: UInt8) throws(JSONError) -> Bool {
        switch byte {
        case UInt8(ascii: "{"): try open(isObject: true)
        case UInt8(ascii: "["): try open(isObject: false)
        case UInt8(ascii: "\""):
            isName = false
            beginString(isKept: selected != nil)
        case UInt8(ascii: "t"): state = .literal(.yes, matched: 1)
        case UInt8(ascii: "f"): state = .literal(.no, matched: 1)
        case UInt8(ascii: "n"): state = .literal(.null, matched: 1)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            state = .number
            isKept = selected != nil
            if isKept { try append(byte) }
        default: return false
        }
        return true
    }

    private mutating func open(isObject opened: Bool) throws(JSONError) {
        guard depth < Self.mostNesting else { throw .tooDeep }
        depth += 1
        isObject = isObject << 1 | (opened ? 1 : 0)
        if let selected {
            collections.append(Collection(selection: selected, keptBefore: kept))
            try count(32)
        }
        selected = opened ? nil : selected?.ofElements
        state = opened ? .nameOrEnd : .valueOrEnd
    }

    /// The innermost collection ends here.
    private mutating func close(_ take: (Output) -> Void) throws(JSONError) {
        let value: JSONValue?
        if collections.count == depth, let collection = collections.popLast() {
            value = isInObject ? .object(collection.members) : .array(collection.elements)
        } else {
            value = nil
        }
        depth -= 1
        isObject >>= 1
        try place(value, take)
    }

    /// A value that is no collection ends here; it is `length` bytes long.
    private mutating func end(
        _ value: JSONValue, length: Int = 0, _ take: (Output) -> Void
    ) throws(JSONError) {
        if selected != nil { try count(32 + length) }
        try place(selected == nil ? nil : value, take)
    }

    private mutating func endNumber(_ take: (Output) -> Void) throws(JSONError) {
        let length = token.count
        try end(.number(takeToken()), length: length, take)
    }

    /// Puts a value where it belongs; nil for one that is skipped.
    private mutating func place(_ value: JSONValue?, _ take: (Output) -> Void) throws(JSONError) {
        state = .separatorOrEnd
        if depth == 0 {
            if let value { take(.document(value)) }
            state = .value
            selected = selection
            kept = 0
            return
        }
        guard collections.count == depth, let innermost = collections.indices.last else { return }
        if isInObject {
            if let value { collections[innermost].members[collections[innermost].name] = value }
            selected = nil
            return
        }
        selected = collections[innermost].selection.ofElements
        guard let value else { return }
        if case .handedOver = collections[innermost].selection {
            kept = collections[innermost].keptBefore
            take(.element(value))
        } else {
            collections[innermost].elements.append(value)
        }
    }

    /// A string ends here.
    mutating func endString(_ take: (Output) -> Void) throws(JSONError) {
        let length = token.count
        guard isName else { return try end(.string(takeToken()), length: length, take) }
        state = .colon
        selected = nil
        guard isKept, let innermost = collections.indices.last else { return }
        let name = takeToken()
        selected = collections[innermost].selection.ofMember(name)
        if selected != nil {
            try count(length)
            collections[innermost].name = name
        }
    }

    /// `index` counts in the present piece.
    func unexpected(_ byte: UInt8, at index: Int) -> JSONError { .unexpected(byte, at: position &+ index) }

    private mutating func beginString(isKept: Bool) {
        self.isKept = isKept
        state = .string
    }

    /// What has been collected, which is then forgotten.
    private mutating func takeToken() -> String {
        defer { token.removeAll(keepingCapacity: token.count < 4096) }
        return String(decoding: token, as: UTF8.self)
    }

    private mutating func count(_ bytes: Int) throws(JSONError) {
        kept += bytes
        if kept > Self.mostKept { throw .tooLarge }
    }

    mutating func append(_ byte: UInt8) throws(JSONError) {
        guard token.count + kept < Self.mostKept else { throw .tooLarge }
        token.append(byte)
    }
}

extension UInt8 {
    fileprivate var isOfNumber: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}
