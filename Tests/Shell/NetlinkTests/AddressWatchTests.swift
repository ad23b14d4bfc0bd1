import Glibc
import IPTypes
import NIOCore
import Synchronization
import Testing

@testable import Netlink

/// Hearing of changes from the real kernel.
@Suite(
    .enabled(if: NetworkNamespace.isPermitted, "needs permission to make network namespaces, and iproute2"),
    .timeLimit(.minutes(1)))
struct AddressWatchTests {
    static let vip = IPPrefix.of("192.0.2.9/32")

    /// VIPs on `lo` of a namespace, watched; touch it on the namespace's loop only.
    final class Watched: @unchecked Sendable {
        let addresses: InterfaceAddresses
        let changes: AsyncStream<AddressChange>

        init(on loop: any EventLoop) throws {
            addresses = try InterfaceAddresses(interface: "lo")
            let (stream, continuation) = AsyncStream.makeStream(of: AddressChange.self)
            changes = stream
            try addresses.watch(on: loop) { change in
                loop.preconditionInEventLoop()
                continuation.yield(change)
            }
        }
    }

    static func start(in namespace: NetworkNamespace) async throws -> Watched {
        try await namespace.run {
            try NetworkNamespace.ip("link set lo up")
            return try Watched(on: namespace.loop)
        }
    }

    @Test func `an address that somebody removes is reported, and can be put back`() async throws {
        try await NetworkNamespace.with { namespace in
            let watched = try await Self.start(in: namespace)
            var changes = watched.changes.makeAsyncIterator()
            try await namespace.run { #expect(try watched.addresses.bind(Self.vip) == .added) }
            guard case .added(let bound) = await changes.next() else { Issue.record("expected added"); return }
            #expect(bound.hostPrefix == Self.vip)
            #expect(bound.protocolTag == 179)

            try await namespace.run { try NetworkNamespace.ip("address delete 192.0.2.9/32 dev lo") }
            #expect(await changes.next() == .removed(bound))
            try await namespace.run { #expect(try watched.addresses.bind(Self.vip) == .added) }
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
            try await namespace.run {
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
            let reports = Mutex(0)
            let after = try await namespace.run {
                watched.addresses.stopWatching()
                // A second watch is subscribed before the change: when it has heard, the first would have, too.
                return try Watched(on: namespace.loop)
            }
            try await namespace.run { _ = try watched.addresses.bind(Self.vip) }
            var heard = after.changes.makeAsyncIterator()
            guard case .added = await heard.next() else { Issue.record("expected added"); return }
            #expect(reports.withLock { $0 } == 0)
        }
    }
}
