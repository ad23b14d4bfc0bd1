import IPTypes
import NIOCore
import Netlink
import Settings
import SpeakerCore
import ShellSystem
import Wording

/// The interface that VIPs are put on; the kernel's is `InterfaceAddresses`.
protocol VIPInterface: AnyObject {
    func bind(
        contentsOf prefixes: ArraySlice<IPPrefix>, globalScope: Bool, knowing present: inout PresentAddresses?
    ) -> [Result<Binding, NetlinkError>]
    func unbind(
        contentsOf prefixes: ArraySlice<IPPrefix>, knowing present: inout PresentAddresses?
    ) -> [Result<Bool, NetlinkError>]
    func addresses() throws(NetlinkError) -> [InterfaceAddress]
    func leftovers(among addresses: [InterfaceAddress]) -> [InterfaceAddress]
    func watch(on loop: any EventLoop, onChange: @escaping @Sendable (AddressChange) -> Void) throws(NetlinkError)
    func stopWatching()
}

extension InterfaceAddresses: VIPInterface {}

/// Owns the VIPs on the interface, and the locks that keep other instances from binding them.
final class VIPAddresses: LoopConfined {
    /// So many addresses are added or removed in one go: with thousands on an interface the kernel takes a good part of
    /// a millisecond for each.
    static let batch = 64
    /// The next batch comes when the loop has looked at its sockets: a task that is only queued comes before.
    private static let lookingPause = TimeAmount.microseconds(100)
    /// After a look that failed.
    static let rereadPause = TimeAmount.milliseconds(100)

    let loop: any EventLoop
    private let link: HostLink
    /// The name of the interface.
    private let name: String
    private let connections: ConnectionEnding
    private let machine: Machine
    /// Nil before `begin`.
    private var interface: (any VIPInterface)?
    private var locks: AddressLocks
    /// What is intended to be bound.
    private var intended: Set<IPAddress> = []
    /// What we have put on the interface, and not taken off yet.
    private var bound: Set<IPAddress> = []
    /// True if an address that is locked may be neither intended nor bound any more.
    private var hasToRelease = false
    /// VIPs that someone else has put there.
    private var foreign: Set<IPPrefix> = []
    /// True while changes of addresses wait to be looked at.
    private var isLookPlanned = false
    /// The last trouble with looking at the addresses that was logged.
    private var fault: NetlinkError?

    /// - Parameter locks: hold what is intended to be bound.
    init(
        _ link: HostLink, interface name: String, locks: AddressLocks, connections: ConnectionEnding,
        on machine: Machine
    ) {
        loop = link.loop
        self.link = link
        self.name = name
        self.locks = locks
        self.connections = connections
        self.machine = machine
        intended = locks.own
    }

    /// Finds the interface, which may come later, and watches the node's addresses and links from then on.
    func begin(onChange: @escaping @Sendable (AddressChange) -> Void) throws(NetlinkError) {
        let interface = try machine.interface(name)
        self.interface = interface
        try interface.watch(on: loop, onChange: onChange)
    }

    /// Takes what an earlier run left off the interface, for a process that does not serve.
    func removeLeftovers() {
        machine.removeLeftovers(name, locks, link)
    }

    /// Ends the watch, and lets other instances have the addresses.
    func end() {
        interface?.stopWatching()
        locks.release()
    }
}

// MARK: - Locks

extension VIPAddresses {
    /// Throws if another instance has one of these addresses. Changes nothing.
    func check(_ addresses: [IPAddress]) throws(AddressInUse) {
        try locks.check(addresses)
    }

    /// These addresses are intended to be bound from now on. Those that are still on the interface stay ours until they are
    /// unbound. Throws if another instance has one of them; then everything stays as it is.
    func hold(_ addresses: [IPAddress]) throws(AddressInUse) {
        try locks.hold(bound.union(addresses))
        intended = Set(addresses)
    }

    /// Holds these addresses too, whatever source of VIPs they are from. Says which of them another instance has.
    private func lock(_ prefixes: ArraySlice<IPPrefix>) -> [IPPrefix: AddressInUse] {
        var free = prefixes.filter { !locks.own.contains($0.address) }
        var taken: [IPPrefix: AddressInUse] = [:]
        while !free.isEmpty {
            do throws(AddressInUse) {
                try locks.hold(locks.own.union(free.map(\.address)))
                return taken
            } catch {
                // One that we had without a lock does not keep the others from theirs.
                guard let place = free.firstIndex(where: { $0.address == error.address }) else { return taken }
                taken[free.remove(at: place)] = error
            }
        }
        return taken
    }

    /// Lets go of what is neither intended nor bound any more.
    private func release() {
        guard hasToRelease else { return }
        hasToRelease = false
        // Another instance may have an address that had no lock. Then the locks stay as they are, which does no harm.
        try? locks.hold(bound.union(intended))
    }

    /// What an earlier run left on the interface, as far as no other instance can have bound it.
    func leftovers() throws(NetlinkError) -> [IPPrefix] {
        guard let interface else { return [] }
        let found = locks.leftovers(among: interface.leftovers(among: try interface.addresses()).map(\.hostPrefix))
        bound.formUnion(found.map(\.address))
        return found
    }
}

// MARK: - Binding

extension VIPAddresses {
    /// Locks VIPs and puts them on the interface, a batch at a time. Each is answered with `bound` or `bindFailed`.
    func bind(_ prefixes: [IPPrefix], globalScope: Bool) {
        bind(prefixes[...], globalScope: globalScope, knowing: nil)
    }

    private func bind(_ prefixes: ArraySlice<IPPrefix>, globalScope: Bool, knowing known: PresentAddresses?) {
        guard let interface else { return }
        link.flush()
        let taken = lock(prefixes.prefix(Self.batch))
        let batch = prefixes.prefix(Self.batch).filter { taken[$0] == nil }
        var present = known
        var done: [IPPrefix] = []
        var added: [IPPrefix] = []
        let results = interface.bind(contentsOf: batch[...], globalScope: globalScope, knowing: &present)
        for (prefix, error) in taken { link.take(.bindFailed(prefix, reason: "\(error)")) }
        for (prefix, result) in zip(batch, results) {
            switch result {
            case .success(let binding):
                note(binding, of: prefix)
                if binding == .added { added.append(prefix) }
                done.append(prefix)
            case .failure(let error):
                link.take(.bindFailed(prefix, reason: "\(error)"))
            }
        }
        connections.end(.toOtherNodes, of: added)
        if !done.isEmpty { link.take(.bound(done)) }
        let rest = prefixes.dropFirst(Self.batch)
        if rest.isEmpty { return }
        after(Self.lookingPause) { [present] in self.bind(rest, globalScope: globalScope, knowing: present) }
    }

    private func note(_ binding: Binding, of prefix: IPPrefix) {
        guard binding == .foreign else {
            foreign.remove(prefix)
            bound.insert(prefix.address)
            return
        }
        guard foreign.insert(prefix).inserted else { return }
        link.log(.vipIsForeign(prefix, interface: name))
    }

    /// Ends the connections of remote clients to VIPs of ours and takes the VIPs off the interface, a batch at a time,
    /// after everything that was sent is with the kernel. Each is answered with `unbound` or `unbindFailed`.
    func unbind(_ prefixes: [IPPrefix]) {
        link.flush()
        connections.end(.fromRemote, of: prefixes.filter { !foreign.contains($0) }) {
            self.unbind(prefixes[...], knowing: nil)
        }
    }

    private func unbind(_ prefixes: ArraySlice<IPPrefix>, knowing known: PresentAddresses?) {
        guard let interface else { return }
        link.flush()
        let batch = prefixes.prefix(Self.batch)
        var present = known
        var unbound: [IPPrefix] = []
        var removed: [IPPrefix] = []
        for (prefix, result) in zip(batch, interface.unbind(contentsOf: batch, knowing: &present)) {
            switch result {
            case .success(let isRemoved):
                if isRemoved { removed.append(prefix) }
                unbound.append(prefix)
            case .failure(let error): link.take(.unbindFailed(prefix, reason: "\(error)"))
            }
        }
        for prefix in unbound {
            bound.remove(prefix.address)
            if !intended.contains(prefix.address) { hasToRelease = true }
        }
        let rest = prefixes.dropFirst(Self.batch)
        // Once for all: to go through very many addresses takes a while.
        if rest.isEmpty { release() }
        connections.end(.fromVIP, of: removed)
        if !unbound.isEmpty { link.take(.unbound(unbound)) }
        if rest.isEmpty { return }
        after(Self.lookingPause) { [present] in self.unbind(rest, knowing: present) }
    }
}

// MARK: - Looking

extension VIPAddresses {
    /// An address or link has changed, or some time has passed: looks once for all changes that come together.
    func lookSoon() {
        guard !isLookPlanned else { return }
        isLookPlanned = true
        loop.assumeIsolated().execute { self.look() }
    }

    /// Tells the speaker which of the VIPs that it takes for bound the kernel does not have, and which of ours are there
    /// that it does not know of. A look that fails is repeated until one succeeds.
    private func look() {
        isLookPlanned = false
        guard link.isRunning, let interface else { return }
        do throws(NetlinkError) {
            let present = try addresses(of: interface)
            fault = nil
            let gone = link.speaker.boundVIPs.subtracting(present.map(\.hostPrefix)).sorted()
            if !gone.isEmpty { link.take(.vanished(gone)) }
            let marked = interface.leftovers(among: present).map(\.hostPrefix)
            let unknown = locks.leftovers(among: unbound(of: marked))
            if !unknown.isEmpty { link.take(.leftoversFound(unknown)) }
        } catch {
            if fault != error { link.log(.addressesUnreadable(interface: name, reason: "\(error)")) }
            fault = error
            isLookPlanned = true
            after(Self.rereadPause) { self.look() }
        }
    }

    /// Those that are VIPs which the speaker does not take for bound.
    private func unbound(of prefixes: [IPPrefix]) -> [IPPrefix] {
        // A copy that lived longer would have to be made in earnest with the next input.
        let speaker = link.speaker
        return prefixes.filter { speaker.hasVIP($0) && !speaker.isBound($0) }
    }

    private func addresses(of interface: any VIPInterface) throws(NetlinkError) -> [InterfaceAddress] {
        do throws(NetlinkError) {
            return try interface.addresses()
        } catch .noSuchInterface {
            // The interface was deleted, and every address with it.
            return []
        } catch {
            throw error
        }
    }
}
