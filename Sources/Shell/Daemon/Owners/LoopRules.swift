import IPTypes
import NIOCore
import Netlink
import ShellSystem
import SpeakerCore
import Wording

/// Owns the routing rules that keep packets to unused ports of Services from looping between node and router.
final class LoopRules: LoopConfined {
    typealias Uplinks = @Sendable (Set<ScopedAddress>) -> Result<Set<String>, NetlinkError>
    /// Makes these the rules, and leaves to other instances what is not in the locks.
    typealias Setting = @Sendable (Set<LoopRule>, AddressLocks) -> Result<Void, NetlinkError>

    let loop: any EventLoop
    private let link: HostLink
    private let thread: any WorkThread
    private let uplinks: Uplinks
    private let set: Setting
    private var wanted: LoopGuard?
    /// Tells other instances of this node which pools have rules of ours.
    private var locks: AddressLocks
    private var isUnderWay = false
    private var looks: RepeatedTask?
    /// The last trouble that was logged.
    private var fault: NetlinkError?

    init(
        _ link: HostLink, thread: any WorkThread, uplinks: @escaping Uplinks, set: @escaping Setting,
        locks: AddressLocks = AddressLocks(prefix: "bgpvip loops")
    ) {
        self.locks = locks
        loop = link.loop
        self.link = link
        self.thread = thread
        self.uplinks = uplinks
        self.set = set
    }

    /// Has these rules from now on. Every ten seconds the interfaces towards the peers are looked up anew: routes
    /// that move are not followed.
    func prevent(_ loops: LoopGuard) {
        wanted = loops
        // Another instance with the same pool wants the same rules.
        try? locks.hold(Set(loops.pools.map(\.address)))
        looks?.cancel()
        looks = every(.seconds(10)) { $0.look() }
        look()
    }

    /// Removes the rules, if there are any.
    func end() {
        looks?.cancel()
        looks = nil
        guard wanted != nil else { return }
        wanted = nil
        note(set([], locks))
        locks.release()
        locks = AddressLocks(prefix: locks.prefix)
    }

    /// Removes the rules that an earlier run left which did not come to its end, if none are wanted.
    func removeLeftovers() {
        guard wanted == nil, !isUnderWay else { return }
        isUnderWay = true
        work(on: thread) { [set, locks] in
            set([], locks)
        } then: {
            self.isUnderWay = false
            self.look()
            guard case .failure(let error) = $0 else { return }
            self.link.log(.loopRulesStay(reason: "\(error)"))
        }
    }

    private func look() {
        guard let wanted, !isUnderWay else { return }
        isUnderWay = true
        work(on: thread) { [uplinks] in
            uplinks(wanted.peers)
        } then: {
            self.use($0, for: wanted)
        }
    }

    private func use(_ found: Result<Set<String>, NetlinkError>, for question: LoopGuard) {
        isUnderWay = false
        // Others are to be looked up by now, or none.
        guard question == wanted else { return look() }
        switch found {
        case .success(let interfaces):
            note(set(Set(question.pools.flatMap { pool in interfaces.map { LoopRule(pool, from: $0) } }), locks))
        case .failure(let error): note(.failure(error))
        }
    }

    private func note(_ result: Result<Void, NetlinkError>) {
        switch result {
        case .success: fault = nil
        case .failure(let error):
            if fault != error {
                link.log(.loopsPossible(reason: "\(error)"))
            }
            fault = error
        }
    }
}
