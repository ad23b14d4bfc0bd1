/// NOTIFICATION (RFC 4271 section 4.5): why a session ends.
package struct Notification: Sendable, Hashable {
    /// Error code, 1...8 are known.
    package var code: UInt8
    /// Error subcode; its meaning depends on the code.
    package var subcode: UInt8
    /// Data, as the code and subcode define it.
    package var data: [UInt8]

    /// A notification with these numbers.
    package init(code: UInt8, subcode: UInt8, data: [UInt8] = []) {
        self.code = code
        self.subcode = subcode
        self.data = data
    }
}

/// Message header errors, RFC 4271 section 6.1.
extension Notification {
    /// 1/1 Connection Not Synchronized: the marker is not all ones.
    package static let connectionNotSynchronized = Notification(code: 1, subcode: 1)

    /// 1/2 Bad Message Length, with the length that was wrong.
    package static func badMessageLength(_ length: UInt16) -> Notification {
        Notification(code: 1, subcode: 2, data: [UInt8(length >> 8), UInt8(length & 0xFF)])
    }

    /// 1/3 Bad Message Type, with the type that is not known.
    package static func badMessageType(_ type: UInt8) -> Notification {
        Notification(code: 1, subcode: 3, data: [type])
    }
}

/// OPEN errors, RFC 4271 section 6.2.
extension Notification {
    /// 2/0: an optional parameter or capability that cannot be read.
    package static let malformedOpen = Notification(code: 2, subcode: 0)
    /// 2/1 Unsupported Version Number, with the largest version we speak: 4 in two octets.
    package static let unsupportedVersion = Notification(code: 2, subcode: 1, data: [0, 4])
    /// 2/2 Bad Peer AS.
    package static let badPeerAS = Notification(code: 2, subcode: 2)
    /// 2/3 Bad BGP Identifier.
    package static let badBGPIdentifier = Notification(code: 2, subcode: 3)
    /// 2/4 Unsupported Optional Parameter.
    package static let unsupportedOptionalParameter = Notification(code: 2, subcode: 4)
    /// 2/6 Unacceptable Hold Time: 1 or 2 seconds.
    package static let unacceptableHoldTime = Notification(code: 2, subcode: 6)

    /// 2/7 Unsupported Capability (RFC 5492 section 5), with the capabilities that we cannot do without.
    package static func unsupportedCapability(missing: [Capability]) -> Notification {
        Notification(code: 2, subcode: 7, data: missing.flatMap { $0.encoded() ?? [] })
    }
}

/// UPDATE errors, RFC 4271 section 6.3.
extension Notification {
    /// 3/1 Malformed Attribute List.
    package static let malformedAttributeList = Notification(code: 3, subcode: 1)
    /// 3/10 Invalid Network Field: a prefix that is too long or cut short.
    package static let invalidNetworkField = Notification(code: 3, subcode: 10)
}

/// The errors that time and the state machine find.
extension Notification {
    /// 4/0 Hold Timer Expired.
    package static let holdTimerExpired = Notification(code: 4, subcode: 0)
    /// 8/0 Send Hold Timer Expired (RFC 9687).
    package static let sendHoldTimerExpired = Notification(code: 8, subcode: 0)

    /// 5/x Finite State Machine Error, a message that its state does not expect (RFC 6608 section 4): subcode 1 in
    /// OpenSent, 2 in OpenConfirm, 3 in Established; the data is the type of the message.
    package static func fsmError(subcode: UInt8, messageType: MessageType) -> Notification {
        Notification(code: 5, subcode: subcode, data: [messageType.rawValue])
    }

    /// 6/x Cease (RFC 4486). The communication is for people (RFC 9003) and travels with subcodes 2 and 4 only;
    /// what does not fit 128 octets is cut off.
    package static func cease(subcode: UInt8, communication: String = "") -> Notification {
        let carriesText = subcode == 2 || subcode == 4
        return Notification(
            code: 6, subcode: subcode, data: carriesText ? shutdownCommunication(communication) : [])
    }
}
