import Glibc
import IPTypes
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Netlink

/// Reopening, with descriptors that are no netlink sockets and need no permission.
@Suite(.timeLimit(.minutes(1))) struct AddressWatchReopeningTests {
    /// What `subscribe` is to return, one after the other.
    final class Subscriptions: Sendable {
        private let results: Mutex<[Result<CInt, NetlinkError>]>

        init(_ results: [Result<CInt, NetlinkError>]) {
            self.results = Mutex(results)
        }

        @Sendable func next() throws(NetlinkError) -> CInt {
            let result = results.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let result else { throw .noAnswer(operation: "the test has no more subscriptions") }
            return try result.get()
        }
    }

    static func socketPair() -> (reading: CInt, writing: CInt) {
        var pair: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0, &pair) == 0)
        return (pair[0], pair[1])
    }

    static func watching(
        _ subscriptions: [Result<CInt, NetlinkError>],
        _ body: (AsyncStream<AddressChange>) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (changes, continuation) = AsyncStream.makeStream(of: AddressChange.self)
        let watch = try AddressWatch(
            on: group.next(), retryInterval: .nanoseconds(1), subscribe: Subscriptions(subscriptions).next
        ) { continuation.yield($0) }
        try await body(changes)
        watch.stop()
        try await group.shutdownGracefully()
    }

    @Test func `a first subscription that fails is thrown`() async throws {
        let expected = NetlinkError.systemCall(operation: "opening a netlink socket", code: EMFILE)
        await #expect(throws: expected) { try await Self.watching([.failure(expected)]) { _ in } }
    }

    @Test func `an end is followed by a new subscription, failures to get one are told and tried again`() async throws {
        let (first, second) = (Self.socketPair(), Self.socketPair())
        let failure = NetlinkError.systemCall(operation: "opening a netlink socket", code: EMFILE)
        try await Self.watching(
            [.success(first.reading), .failure(failure), .success(second.reading)]
        ) { changes in
            var changes = changes.makeAsyncIterator()
            let announcement = link(0, index: 2, name: "eth0")
            #expect(send(first.writing, announcement, announcement.count, 0) == announcement.count)
            #expect(await changes.next() == .linkChanged(name: "eth0", isUp: true))

            close(first.writing)
            #expect(await changes.next() == .interrupted(failure))
            #expect(await changes.next() == .resynchronise)

            #expect(send(second.writing, announcement, announcement.count, 0) == announcement.count)
            #expect(await changes.next() == .linkChanged(name: "eth0", isUp: true))
            close(second.writing)
        }
    }
}

/// Hearing of changes from the real kernel.
@Suite(
    .enabled(if: NetworkNamespace.isPermitted, "needs permission to make network namespaces, and iproute2"),
    .timeLimit(.minutes(1)))
struct AddressWatchTests {
    static let vip = IPPrefix.of("192.0.2.9/32")

    final class Reports: Sendable {
        let count = Atomic(0)
    }

    /// VIPs on `lo` of a namespace, watched; touch it on the namespace's loop only.
    final class Watched: @unchecked Sendable {
        let addresses: InterfaceAddresses
        let changes: AsyncStream<AddressChange>
        let reports = Reports()

        init(on loop: any EventLoop) throws {
            addresses = try InterfaceAddresses(interface: "lo")
            let (stream, continuation) = AsyncStream.makeStream(of: AddressChange.self)
            changes = stream
            try addresses.watch(on: loop) { [reports] change in
                loop.preconditionInEventLoop()
                reports.count.add(1, ordering: .relaxed)
                continuation.yield(change)
            }
        }
    }

    static func start(in namespace: NetworkNamespace) async throws -> Watched {
        try await namespace.run { () throws in
            try NetworkNamespace.ip("link set lo up")
            return try Watched(on: namespace.loop)
        }
    }

    @Test func `an address that somebody removes is reported, and can be put back`() async throws {
        try await NetworkNamespace.with { namespace in
            let watched = try await Self.start(in: namespace)
            var changes = watched.changes.makeAsyncIterator()
            #expect(try await namespace.run { try watched.addresses.bind(Self.vip) } == .added)
            guard case .added(let bound) = await changes.next() else { Issue.record("expected added"); return }
            #expect(bound.hostPrefix == Self.vip)
            #expect(bound.protocolTag == 179)

            try await namespace.run { try NetworkNamespace.ip("address delete 192.0.2.9/32 dev lo") }
            #expect(await changes.next() == .removed(bound))
            #expect(try await namespace.run { try watched.addresses.bind(Self.vip) } == .added)
            #expect(await changes.next() == .added(bound))
        }
    }

    @Test func `a link that goes down is reported`() async throws {
        try await NetworkNamespace.with { namespace in
            let watched = try await Self.start(in: namespace)
            var changes = watched.changes.makeAsyncIterator()
            try await namespace.run { try NetworkNamespace.ip("link set lo down") }
            // The loopback loses ::1 with the link.
            var reported: [AddressChange] = []
            while let change = await changes.next() {
                reported.append(change)
                if case .linkChanged = change { break }
            }
            #expect(reported.last == .linkChanged(name: "lo", isUp: false))
        }
    }

    @Test func `reports that were lost are made good by reading again, and watching goes on`() async throws {
        try await NetworkNamespace.with { namespace in
            let watched = try await Self.start(in: namespace)
            // The loop cannot read meanwhile; the receive buffer holds a few hundred reports.
            try await namespace.run { () throws in
                for _ in 0..<2_000 {
                    _ = try watched.addresses.bind(Self.vip)
                    _ = try watched.addresses.unbind(Self.vip)
                }
            }
            var changes = watched.changes.makeAsyncIterator()
            while let change = await changes.next(), change != .resynchronise {}

            try await namespace.run { _ = try watched.addresses.bind(Self.vip) }
            guard case .added(let bound) = await changes.next() else { Issue.record("expected added"); return }
            #expect(bound.hostPrefix == Self.vip)
        }
    }

    @Test func `nothing is reported once watching has stopped`() async throws {
        try await NetworkNamespace.with { namespace in
            let watched = try await Self.start(in: namespace)
            let after = try await namespace.run { () throws in
                watched.addresses.stopWatching()
                // A second watch is subscribed before the change: when it has heard, the first would have, too.
                return try Watched(on: namespace.loop)
            }
            try await namespace.run { _ = try watched.addresses.bind(Self.vip) }
            var heard = after.changes.makeAsyncIterator()
            guard case .added = await heard.next() else { Issue.record("expected added"); return }
            #expect(watched.reports.count.load(ordering: .relaxed) == 0)
        }
    }
}
