import BGPFSM
import BGPWire
import IPTypes
import Intent
import Settings

@testable import SpeakerCore

extension Rack {
    /// The intent changes to what `adapt` makes of the present one. The report of the change, which must be the first effect,
    /// is left out.
    mutating func reload(after pause: Duration = .zero, _ adapt: (inout Settings) -> Void) -> [Effect] {
        let before = speaker.settings
        var settings = before
        adapt(&settings)
        let report = Effect.report(.intentChanged(IntentChange(from: before, to: settings)))
        return take(.intended(settings), after: pause).filter { $0 != report }
    }

    /// The peers' connections end as we asked for.
    static func end(_ subcode: UInt8, of peer: ScopedAddress, because words: String) -> [Effect] {
        [
            .session(peer, .send(.notification(Notification(code: 6, subcode: subcode)), .outgoing)),
            .session(peer, .close(.outgoing)),
            .report(.sessionClosed(peer, reason: "this node ended the session with peer \(peer): \(words)")),
        ]
    }
}
