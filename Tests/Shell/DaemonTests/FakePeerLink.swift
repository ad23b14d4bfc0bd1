import BGPFSM
import BGPTransport
import BGPWire
import IPTypes
import NIOCore

@testable import Daemon
@testable import Netlink

/// A connection of tests, which writes down what it is asked.
final class FakePeerLink: PeerLink, @unchecked Sendable {
    let remote: ScopedAddress
    let endpoint: PeerEndpoint?
    private let name: String
    private let record: Record
    /// Tells the owner what happens.
    private var handler: PeerLink.EventHandler
    private var whenClosed: [@Sendable () -> Void] = []
    private(set) var whenAcknowledged: (@Sendable (Bool) -> Void)?

    init(
        _ name: String, to remote: ScopedAddress, _ record: Record, endpoint: PeerEndpoint? = nil,
        handler: @escaping PeerLink.EventHandler = { _, _ in }
    ) {
        self.name = name
        self.remote = remote
        self.record = record
        self.endpoint = endpoint
        self.handler = handler
    }

    /// Something happens to it.
    func happen(_ event: ConnectionEvent) { handler(self, event) }

    /// Its socket is closed.
    func end() {
        for done in whenClosed { done() }
        whenClosed = []
    }

    func adopt(_ endpoint: PeerEndpoint, telling handler: @escaping PeerLink.EventHandler) {
        record.lines.append("\(name) adopt")
        self.handler = handler
    }

    func reject() { record.lines.append("\(name) reject") }
    func send(_ message: Message) { record.lines.append("\(name) send \(message.type)") }
    func flush() { record.lines.append("\(name) flush") }
    var hasUnread: Bool { false }
    func probeWindow() { record.lines.append("\(name) probe") }

    func close(_ done: @escaping @Sendable () -> Void) {
        record.lines.append("\(name) close")
        whenClosed.append(done)
    }

    func abort(_ done: @escaping @Sendable () -> Void) {
        record.lines.append("\(name) abort")
        whenClosed.append(done)
    }

    func whenAcknowledged(within limit: Duration, _ done: @escaping @Sendable (Bool) -> Void) {
        record.lines.append("\(name) await \(limit)")
        whenAcknowledged = done
    }

    func setMD5Key(_ key: [UInt8]?) throws(TransportFailure) {
        record.lines.append("\(name) key \(key.map { String(decoding: $0, as: UTF8.self) } ?? "none")")
    }

    func setUserTimeout(_ timeout: Duration) throws(TransportFailure) {
        record.lines.append("\(name) timeout \(timeout)")
    }
}

/// The kernel of tests, and the connections that were dialled.
final class FakePeerKernel: @unchecked Sendable {
    let record: Record
    var dialled: [FakePeerLink] = []
    /// The other process that has a session with each peer.
    var other: Result<String?, any Error> = .success(nil)
    var router = LinkRouter.unknown
    /// What is returned to a solicitation.
    var isAsked = false

    init(_ record: Record) {
        self.record = record
    }

    var kernel: PeerKernel {
        PeerKernel(
            dial: { [self] endpoint, _, handler in
                record.lines.append("dial \(endpoint.remote)")
                let link = FakePeerLink(
                    "out\(dialled.count)", to: endpoint.remote, record, endpoint: endpoint, handler: handler)
                dialled.append(link)
                return link
            },
            otherSpeaker: { [self] _, _ in other },
            giveUpIfSilent: { [self] in record.lines.append("ask for \($0)") },
            complete: { endpoints, _ in endpoints },
            pathFacts: { [self] in
                record.lines.append("path to \($0)")
                return PathFacts(answersARP: false, isConnected: true, hasRoute: true)
            },
            router: { [self] _, _ throws(NetlinkError) in router },
            solicit: { [self] _, candidates in
                record.lines.append("solicit \(candidates.count)")
                return isAsked ? RouterSolicitation(leftToKernelOnLink: 1) : nil
            })
    }
}
