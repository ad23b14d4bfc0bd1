import CYAML
import Settings

/// What libyaml finds in a text, one event after the other.
///
/// Owns the C parser, which must not move; the text must outlive it.
struct EventReader: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// What of an event a tree is made from.
    enum Event {
        case documentStart
        /// A value that is text; false if it is neither tagged nor an alias.
        case scalar(String)
        case sequenceStart
        case mappingStart
        case collectionEnd
        case streamEnd
        /// What needs no attention.
        case other
    }

    init(_ text: UnsafeBufferPointer<UInt8>) throws(FileFault) {
        let memory = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        guard yaml_parser_initialize(memory) == 1 else {
            memory.deallocate()
            throw FileFault("there is not enough memory")
        }
        parser = memory
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event and where it begins. Not to be called again after the end of the stream, or after an error.
    mutating func next() throws(FileFault) -> (event: Event, place: FilePlace) {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw fault }
        defer { yaml_event_delete(&event) }
        let place = FilePlace(event.start_mark)
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            return (.documentStart, place)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            try refuse(tag: scalar.tag, at: place)
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return (.scalar(String(decoding: bytes, as: UTF8.self)), place)
        case YAML_SEQUENCE_START_EVENT:
            try refuse(tag: event.data.sequence_start.tag, at: place)
            return (.sequenceStart, place)
        case YAML_MAPPING_START_EVENT:
            try refuse(tag: event.data.mapping_start.tag, at: place)
            return (.mappingStart, place)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            return (.collectionEnd, place)
        case YAML_ALIAS_EVENT:
            throw FileFault("aliases are not supported", "write the value out", at: place)
        case YAML_STREAM_END_EVENT:
            return (.streamEnd, place)
        default:
            return (.other, place)
        }
    }

    /// A tag says that the text is not what it looks like: `!vault`, `!!binary`.
    private func refuse(tag: UnsafeMutablePointer<yaml_char_t>?, at place: FilePlace) throws(FileFault) {
        if tag != nil { throw FileFault("tags are not supported", "remove what begins with \"!\"", at: place) }
    }

    /// What libyaml has against the text.
    private var fault: FileFault {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "there is not enough memory"
        switch parser.pointee.error {
        case YAML_READER_ERROR:
            // The place is in bytes from the start, and the mark stands where tokens have been taken up to.
            return FileFault(
                "\(problem), \(parser.pointee.problem_offset) bytes from the start", "save the file as UTF-8")
        case YAML_SCANNER_ERROR, YAML_PARSER_ERROR:
            let context = parser.pointee.context.map { String(cString: $0) + ": " } ?? ""
            let remedy =
                problem.contains("tab character") || problem.contains("cannot start any token")
                ? "indent with spaces and not with tabs; quote text that begins with @, ` or %" : nil
            return FileFault(context + problem, remedy, at: FilePlace(parser.pointee.problem_mark))
        default:
            return FileFault(problem)
        }
    }
}

extension FilePlace {
    /// libyaml counts from 0.
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
    }
}
