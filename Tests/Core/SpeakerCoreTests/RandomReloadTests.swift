import BGPWire
import Deadlines
import IPTypes
import Intent
import RandomSeeds
import Settings
import Testing

@testable import SpeakerCore

/// A reload leads to where a start leads: for pairs of random settings, the same status, routes, addresses and resources.
/// Not compared are times and counters, BFD's discriminators, and what was exchanged before.
struct RandomReloadTests {
    @Test(arguments: Seeds.batches(1000))
    func `a reload ends where a start with the new settings ends`(seeds: Range<UInt64>) {
        for seed in seeds {
            var random = RandomSettings(random: SeededGenerator(seed: seed))
            let (first, second) = (random.settings(), random.settings())
            var started = IdealNode(second, seed: seed + 1)
            started.run(for: .seconds(4))
            var reloaded = IdealNode(first, seed: seed)
            reloaded.run(for: .seconds(4))
            let change = IntentChange(from: first, to: second)
            reloaded.disturbed = []
            reloaded.take(.intended(second))
            reloaded.run(for: .seconds(8))

            #expect(reloaded.lasting == started.lasting, "\(Seeds.repeated(seed))")
            #expect(reloaded.learned == started.learned, "\(Seeds.repeated(seed))")
            #expect(reloaded.bound == started.bound, "\(Seeds.repeated(seed))")
            #expect(reloaded.resources == started.resources, "\(Seeds.repeated(seed))")
            #expect(reloaded.faults + started.faults == [], "\(Seeds.repeated(seed))")
            let touched = Set(change.peers.filter(\.isNoticed).map(\.name))
            #expect(reloaded.disturbed.subtracting(touched) == [], "\(Seeds.repeated(seed))")
        }
    }
}

extension IntentChange.Peer {
    /// True if the peer's connection may end.
    fileprivate var isNoticed: Bool {
        guard case .changed(let fields) = kind else { return true }
        return fields.contains { $0.consequence == .reset }
            || !fields.isDisjoint(with: [.passive, .password, .bfd, .bfdStrict])
    }
}

extension IdealNode {
    /// What routers have learned, of those that have learned anything.
    fileprivate var learned: [ScopedAddress: [IPPrefix: [PathAttribute]]] { routes.filter { !$0.value.isEmpty } }

    /// The status without times, counters, and what was exchanged before.
    fileprivate var lasting: Status {
        var status = speaker.status(version: "", at: now)
        status.uptime = 0
        status.peers = status.peers.map { peer in
            var peer = peer
            peer.stateSeconds = 0
            peer.messagesSent = MessageCounts()
            peer.messagesReceived = MessageCounts()
            peer.plannedEnds = 0
            peer.lastNotificationSent = nil
            peer.nextAttemptSeconds = nil
            peer.bfd?.stateSeconds = 0
            peer.bfd?.localDiscriminator = 0
            peer.bfd?.packetsSent = 0
            peer.bfd?.packetsReceived = 0
            return peer
        }
        for index in status.vips.indices { status.vips[index].verdictSeconds = 0 }
        for index in status.checks.indices {
            status.checks[index].verdictSeconds = 0
            status.checks[index].passed = 0
            status.checks[index].failed = 0
            status.checks[index].durations = nil
            status.checks[index].recent = nil
        }
        return status
    }
}
