extension Open {
    /// Reads the body of an OPEN whose header is sound: everything that is a matter of syntax (RFC 4271 section 6.2).
    /// AS, identifier and hold time are the state machine's to judge.
    init(reading frame: RawSpan) throws(DecodeError) {
        var body = ByteField(frame, from: MessageCodec.headerLength)
        guard let version = body.uint8(frame) else { throw .malformedOpen("the message ends in its fixed part") }
        guard version == 4 else {
            throw DecodeError(.unsupportedVersion, "the peer speaks BGP version \(version)")
        }
        guard let myAS = body.uint16(frame), let holdTime = body.uint16(frame), let identifier = body.uint32(frame)
        else { throw .malformedOpen("the message ends in its fixed part") }
        let extendedLength = try Self.checkParametersLength(&body, frame)
        var parameters: [Parameter] = []
        while !body.isEmpty {
            parameters.append(try Parameter(reading: &body, of: frame, extendedLength: extendedLength))
        }
        self.init(
            version: version, myAS: myAS, holdTime: holdTime, identifier: BGPIdentifier(identifier),
            parameters: parameters, extendedLength: extendedLength)
    }

    /// Reads the length of the optional parameters, which must be all that is left, and tells whether they are in
    /// the extended form: if the first one's type is 255, its other octets are a longer length, and the length octet
    /// in front means nothing unless it is 0 (RFC 9072 section 2).
    private static func checkParametersLength(_ body: inout ByteField, _ frame: RawSpan) throws(DecodeError) -> Bool {
        guard let length = body.uint8(frame) else { throw .malformedOpen("the message ends in its fixed part") }
        guard length != 0, body.peek(frame) == 255 else {
            guard Int(length) == body.count else {
                throw .malformedOpen("optional parameters length \(length), but \(body.count) octets follow")
            }
            return false
        }
        guard body.uint8(frame) != nil, let extended = body.uint16(frame), Int(extended) == body.count else {
            throw .malformedOpen("the extended optional parameters length does not match the message")
        }
        return true
    }
}

extension Open.Parameter {
    fileprivate init(reading body: inout ByteField, of frame: RawSpan, extendedLength: Bool) throws(DecodeError) {
        guard let type = body.uint8(frame) else { throw .malformedOpen("an optional parameter has no type") }
        guard type == 2 else {
            throw DecodeError(.unsupportedOptionalParameter, "optional parameter of type \(type)")
        }
        let length = extendedLength ? body.uint16(frame).map(Int.init) : body.uint8(frame).map(Int.init)
        guard let length, var value = body.take(length) else {
            throw .malformedOpen("an optional parameter runs past the message")
        }
        var capabilities: [Capability] = []
        while !value.isEmpty {
            guard let code = value.uint8(frame), let length = value.uint8(frame), let field = value.take(Int(length))
            else { throw .malformedOpen("a capability runs past its parameter") }
            capabilities.append(Capability(code: code, value: field.bytes(frame)))
        }
        self = .capabilities(capabilities)
    }
}

extension DecodeError {
    fileprivate static func malformedOpen(_ explanation: String) -> DecodeError {
        DecodeError(.malformedOpen, explanation)
    }
}
