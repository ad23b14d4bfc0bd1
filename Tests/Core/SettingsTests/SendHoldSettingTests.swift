import Testing

@testable import Settings

/// The least that loads, with more flags.
private func with(_ flags: [String: String]) -> [String: [String]] {
    ["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.1:65000"]].merging(flags.mapValues { [$0] }) { $1 }
}

@Suite struct `The send-hold time` {
    @Test func `is eight minutes or twice the hold time unless it is set`() throws {
        #expect(try load(with([:])).settings.peers.map(\.sendHoldTime) == [.seconds(480)])
        #expect(
            try load(with(["hold-time": "600s"])).settings.peers.map(\.sendHoldTime) == [.seconds(1200)])
        #expect(
            try load(with(["send-hold-time": "30s"])).settings.peers.map(\.sendHoldTime) == [.seconds(30)])
    }

    @Test func `is longer than the hold time`() {
        #expect(
            errors(with(["send-hold-time": "9s"])) == [
                "flag --send-hold-time: send-hold-time (9s) is not longer than the hold time (9s); raise it, or leave it out"
            ])
        #expect(errors(with(["send-hold-time": "10s"])) == [])
    }
}
