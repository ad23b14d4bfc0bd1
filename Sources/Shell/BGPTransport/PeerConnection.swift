package import BGPFSM
package import BGPWire
import Glibc
package import IPTypes
package import NIOCore
import NIOPosix

/// One TCP connection to a peer. It decides nothing.
///
/// It lives on one event loop: everything here is called on that loop and calls back on it, never from inside a call
/// of ours, so that an actor pinned to the loop can enter itself from the callbacks. That confinement is what
/// `@unchecked Sendable` stands for.
package final class PeerConnection: @unchecked Sendable {
    /// Takes the events of a connection, in order, on its event loop.
    package typealias EventHandler = @Sendable (PeerConnection, ConnectionEvent) -> Void

    enum State {
        /// Dialling.
        case connecting
        /// Accepted, and not decided yet whether we want it.
        case offered
        case open
        /// `close()` was called: what is written goes out, what comes in is thrown away.
        case closing
        case closed
    }

    /// Bytes that may wait for the kernel to take them. Far more than a speaker of a few routes ever has to say: a
    /// peer that lets so much pile up has stopped reading.
    static let pendingLimit = 4 << 20
    /// Bytes that one peer may make us handle in one turn of the loop.
    static let readLimit = 16 << 10
    /// How long after `close()` we wait for the peer's FIN.
    private static let closeLimit = TimeAmount.seconds(1)

    let loop: any EventLoop
    private(set) var state: State
    /// The socket's channel; nil while there is none.
    private(set) var channel: (any Channel)?
    /// The sockets whose SYN waits for an answer.
    private(set) var dials: [any Channel] = []
    /// What the next SYN is for, while dialling.
    var dialled: PeerEndpoint?
    private var redial: Scheduled<Void>?
    private var onEvent: EventHandler?
    private var onOffer: (@Sendable (PeerConnection) -> Void)?
    private var codec = MessageCodec()
    private var framer = MessageFramer()
    /// True once the peer has sent bytes that make no sense.
    private var isMalformed = false
    private(set) var pendingBytes = 0
    /// Of all that was sent on this connection: its bytes, and its UPDATEs with where in the stream the last one ends, or
    /// the OPEN before the first.
    private(set) var sentBytes = 0
    private(set) var sentUpdates: (count: Int, end: Int) = (0, 0)
    /// The UPDATE that is waited for, 0 for the OPEN, since when; nil while none is.
    var awaited: (update: Int, end: Int, since: NIODeadline)?
    private var isFlushScheduled = false
    private var closeTimer: Scheduled<Void>?

    /// True if the kernel has a TCP MD5 key for this connection.
    var isSigned: Bool

    /// The peer's address; a link-local one with its interface.
    package let remote: ScopedAddress
    /// Both ends, once TCP is up.
    package private(set) var endpoints: Endpoints?

    private init(loop: any EventLoop, remote: ScopedAddress, isSigned: Bool, state: State) {
        self.loop = loop
        self.remote = remote
        self.isSigned = isSigned
        self.state = state
    }
}

// MARK: - Opening

extension PeerConnection {
    /// Starts to connect. The first event but for `unanswered` is `connected` or `ended`.
    package static func dial(
        _ endpoint: PeerEndpoint, on loop: any EventLoop, onEvent: @escaping EventHandler
    ) -> PeerConnection {
        let connection = PeerConnection(
            loop: loop, remote: endpoint.remote, isSigned: endpoint.md5Key != nil, state: .connecting)
        connection.onEvent = onEvent
        connection.codec = MessageCodec(watching: endpoint.watched)
        connection.dialled = endpoint
        connection.dial(endpoint)
        return connection
    }

    private func dial(_ endpoint: PeerEndpoint) {
        loop.assertInEventLoop()
        do {
            let target = try SocketAddress(endpoint.remote, port: endpoint.port, interface: endpoint.interface)
            dial(target, until: loop.now + TimeAmount(endpoint.connectTimeout))
        } catch {
            end(error)
        }
    }

    /// One SYN, and after a while the next. The first answer counts, whether it is a yes or a no.
    private func dial(_ target: SocketAddress, until deadline: NIODeadline) {
        guard let endpoint = dialled else { return }
        let left = Duration.nanoseconds((deadline - loop.now).nanoseconds)
        let plan = DialPlan.attempt(left: left, isAlone: dials.isEmpty)
        let isSigned = endpoint.md5Key != nil
        ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(plan.timeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.withDescriptor { descriptor throws(TransportFailure) in
                        try descriptor.prepare(for: endpoint, remote: target)
                    }
                    self.dials.append(channel)
                    channel.closeFuture.whenComplete { _ in self.dials.removeAll { $0 === channel } }
                    try self.attach(channel)
                }
            }
            .connect(to: target)
            .whenFailure { error in
                guard self.state == .connecting, self.channel == nil else { return }
                let failure = TransportFailure(dialling: error, md5: isSigned)
                // Others wait still.
                if case .timedOut = failure, plan.next != nil { return }
                self.end(failure)
            }
        guard let pause = plan.next else { return }
        redial = loop.scheduleTask(in: TimeAmount(pause)) {
            self.report([.unanswered])
            self.loop.execute {
                if self.state == .connecting { self.dial(target, until: deadline) }
            }
        }
    }

    /// Ends all dials but the one that became the connection.
    private func endDials() {
        redial?.cancel()
        dialled = nil
        for dial in dials where dial !== channel { dial.close(promise: nil) }
        dials = []
    }

    /// Prepares for a channel that a listener has accepted. `onOffer` has to adopt or reject the connection before it
    /// returns; what it leaves is closed, so that nothing is ever read without a reader.
    static func offer(
        _ channel: any Channel, from remote: ScopedAddress, isSigned: Bool,
        onOffer: @escaping @Sendable (PeerConnection) -> Void
    ) throws {
        let connection = PeerConnection(
            loop: channel.eventLoop, remote: remote, isSigned: isSigned, state: .offered)
        connection.channel = channel
        connection.onOffer = onOffer
        try connection.attach(channel)
    }

    private func attach(_ channel: any Channel) throws {
        let options = channel.syncOptions
        // A fixed size: a flood must not make the kernel hand us, and us keep, ever larger buffers. A small one, once in a
        // turn of the loop, so that the others' packets and timers come in between. NIO copies the first buffer of a
        // connection as a whole, so that each session holds all of it from then on.
        try options?.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readLimit))
        try options?.setOption(.maxMessagesPerRead, value: 1)
        try channel.pipeline.syncOperations.addHandler(ConnectionHandler(self))
    }

    /// Takes an accepted connection for this peer: its hop limits and timeouts hold from here on. The first event is
    /// `connected` or `ended`. To be called before the listener's callback returns.
    package func adopt(_ endpoint: PeerEndpoint, onEvent: @escaping EventHandler) {
        loop.assertInEventLoop()
        guard state == .offered, let channel, let endpoints else { return }
        self.onEvent = onEvent
        codec = MessageCodec(watching: endpoint.watched)
        do {
            _ = try channel.withDescriptor { descriptor throws(TransportFailure) in try descriptor.apply(endpoint) }
            state = .open
            report([.connected(endpoints)])
        } catch {
            end(TransportFailure(open: error))
        }
    }

    /// Closes an accepted connection that is not wanted.
    package func reject() {
        loop.assertInEventLoop()
        guard state == .offered else { return }
        state = .closed
        channel?.close(promise: nil)
    }
}

// MARK: - Using

extension PeerConnection {
    /// Encodes and writes a message. What is sent in one turn of the loop leaves together.
    package func send(_ message: Message) {
        loop.assertInEventLoop()
        guard state == .open, let channel else { return }
        let bytes = codec.encode(message)
        guard !bytes.isEmpty else {
            // Ours: the Speaker must not ask for more than fits. A session that lost a route is worse than one that starts again.
            assertionFailure("a message that does not fit")
            return end(.system(errno: EMSGSIZE, operation: "encode"))
        }
        guard pendingBytes + bytes.count <= Self.pendingLimit else { return end(.unacknowledged) }
        pendingBytes += bytes.count
        sentBytes += bytes.count
        switch message {
        case .open:
            sentUpdates.end = sentBytes
            awaitAcknowledgement()
        case .update:
            sentUpdates = (sentUpdates.count + 1, sentBytes)
            awaitAcknowledgement()
        case .notification, .keepalive, .routeRefresh: break
        }
        let written = loop.makePromise(of: Void.self)
        written.futureResult.whenComplete { [self] result in
            pendingBytes -= bytes.count
            if case .failure(let error) = result { end(TransportFailure(open: error)) }
        }
        channel.write(ByteBuffer(bytes: bytes), promise: written)
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.execute { self.flush() }
    }

    /// Hands what was sent to the kernel now, for an owner who is about to do what must not come first.
    package func flush() {
        loop.assertInEventLoop()
        guard isFlushScheduled else { return }
        isFlushScheduled = false
        channel?.flush()
    }

    /// Makes the kernel ask the peer's TCP whether it still knows this connection; if not, the connection ends with
    /// `.reset`. Without data and without waiting for a retransmission. Does nothing without CAP_NET_ADMIN.
    package func probeWindow() {
        loop.assertInEventLoop()
        guard state == .open else { return }
        try? channel?.withDescriptor { $0.probeWindow() }
    }

    /// Ends the connection: lets go out what is written, half-closes, throws away what comes in until the peer's FIN
    /// but for no more than a second, and closes. (Closing with unread input would make the kernel send RST, which
    /// can destroy a NOTIFICATION in the peer's queue.) No event follows. Also cancels dialling.
    ///
    /// `done` is called when the socket is closed.
    package func close(_ done: @escaping @Sendable () -> Void = {}) {
        loop.assertInEventLoop()
        onEvent = nil
        switch state {
        case .connecting, .offered:
            state = .closed
            endDials()
            channel?.close(promise: nil)
        case .open:
            state = .closing
            flush()
            // If the peer does not even have our OPEN, its TTL security may drop our packets. It must still see the end of
            // the connection; otherwise it keeps it, and turns away new ones for minutes.
            if awaited?.update == 0 { raiseHopLimit() }
            channel?.close(mode: .output, promise: nil)
            closeTimer = loop.scheduleTask(in: Self.closeLimit) {
                // What the peer has not taken by now would wait in the kernel, and the peer would go on using our routes.
                if !self.isAcknowledged { self.resetOnClose() }
                self.channel?.close(promise: nil)
            }
        case .closing, .closed:
            break
        }
        guard let channel else { return loop.execute(done) }
        channel.closeFuture.whenComplete { _ in self.loop.execute(done) }
    }
}

extension PeerConnection {
    /// Ends the connection at once with RST; what is written is lost. No event follows. `done` is called when the socket
    /// is closed.
    package func abort(_ done: @escaping @Sendable () -> Void = {}) {
        loop.assertInEventLoop()
        onEvent = nil
        closeTimer?.cancel()
        guard state == .open || state == .closing, let channel else { return close(done) }
        state = .closed
        resetOnClose()
        channel.close(promise: nil)
        channel.closeFuture.whenComplete { _ in self.loop.execute(done) }
    }

    /// From now on every packet of this connection, retransmissions included, passes a peer's TTL security.
    package func raiseHopLimit() {
        _ = try? channel?.withDescriptor { descriptor throws(TransportFailure) in
            try descriptor.setHopLimit(255, isIPv4: remote.address.isIPv4)
        }
    }

    /// The segments with data that have arrived, retransmissions included; nil if the kernel does not tell.
    package var receivedSegments: Int? {
        (try? channel?.withDescriptor(\.receivedSegments)) ?? nil
    }

    /// True if something has arrived that was not read.
    package var hasUnread: Bool {
        ((try? channel?.withDescriptor(\.unreadBytes)) ?? nil).map { $0 > 0 } ?? false
    }

    /// Makes the kernel send RST when the socket is closed, and forget what it has not sent.
    private func resetOnClose() {
        _ = try? channel?.withDescriptor { descriptor throws(TransportFailure) in
            try descriptor.set(SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0), "SO_LINGER")
        }
    }
}

// MARK: - What the channel tells

extension PeerConnection {
    /// TCP is up. Only the first of several dials is used.
    func becameActive(_ channel: any Channel) {
        if state == .connecting, self.channel == nil {
            self.channel = channel
            endDials()
        }
        guard self.channel === channel else { return channel.close(promise: nil) }
        guard let local = channel.localAddress?.scoped, let remote = channel.remoteAddress?.scoped else {
            // Reset before we could ask.
            return end(.reset)
        }
        let endpoints = Endpoints(local: local.address, remote: remote.address, isSigned: isSigned)
        self.endpoints = endpoints
        switch state {
        case .connecting:
            state = .open
            report([.connected(endpoints)])
        case .offered:
            onOffer?(self)
            onOffer = nil
            reject()
        case .open, .closing, .closed:
            break
        }
    }

    /// Bytes came.
    func received(_ chunk: ByteBuffer) {
        guard state == .open, !isMalformed else { return }
        var batch = ReceivedBatch()
        do throws(DecodeError) {
            try framer.consume(chunk.readableBytesSpan, codec: &codec) { batch.append($0) }
            report(batch.messages.map { .received($0) })
        } catch {
            isMalformed = true
            report(batch.messages.map { .received($0) } + [.malformed(error)])
        }
    }

    /// The connection is over, for this reason if it is the first that is given.
    func end(_ failure: TransportFailure) {
        guard state != .closed else { return }
        report([.ended(failure)])
        state = .closed
        closeTimer?.cancel()
        endDials()
        channel?.close(promise: nil)
    }

    /// Delivers later in this turn of the loop, so that no caller is called back from inside its own call; and only
    /// what is not overtaken by `close()`.
    func report(_ events: [ConnectionEvent]) {
        guard !events.isEmpty else { return }
        loop.execute { [self] in
            for event in events {
                guard let onEvent else { return }
                if case .ended = event { self.onEvent = nil }
                onEvent(self, event)
            }
        }
    }
}
