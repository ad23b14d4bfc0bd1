import BGPFSM
import BGPTransport
import Glibc
import IPTypes
import NIOCore
import Settings
import SpeakerCore
import ShellSystem
import Wording

/// A socket on which peers may dial us; the kernel's is `PeerListener`.
protocol ListeningPort: AnyObject, Sendable {
    /// The number of the interface that it is tied to; nil for all.
    var interfaceIndex: UInt32? { get }
    func setMD5Key(_ key: [UInt8]?, for peer: IPAddress) throws(TransportFailure)
    func setLinkLocalKey(_ key: [UInt8]?) throws(TransportFailure)
    func leaveRoom()
    func close()
}

extension PeerListener: ListeningPort {}

/// Owns the listening sockets, each with a TCP MD5 key for each peer that has a password.
final class Listeners: LoopConfined {
    /// Listens, or says why that cannot be.
    typealias Open = (Listener) throws(ListenFailure) -> any ListeningPort

    private struct Port {
        var listener: Listener
        let opening: Opening<any ListeningPort>
    }

    let loop: any EventLoop
    private let link: HostLink
    private let open: Open
    /// The number of an interface now; 0 if there is none of this name.
    private let indexOfInterface: (String) -> UInt32
    private var ports: [Listener.ID: Port] = [:]

    init(
        _ link: HostLink, open: @escaping Open, indexOfInterface: @escaping (String) -> UInt32 = { if_nametoindex($0) }
    ) {
        loop = link.loop
        self.link = link
        self.open = open
        self.indexOfInterface = indexOfInterface
    }

    /// Opens a listening socket, or changes the keys of one that is open. Its address or interface may come later: then it
    /// is tried again. Without it nothing is accepted that would have to be signed.
    func listen(as listener: Listener) {
        guard let port = ports[listener.id] else { return openPort(for: listener) }
        ports[listener.id]?.listener = listener
        if let opened = port.opening.opened { change(opened, from: port.listener, to: listener) }
    }

    /// Stops listening. Connections that were accepted live on.
    func close(_ id: Listener.ID) {
        ports.removeValue(forKey: id)?.opening.callOff()
    }

    func closeAll() {
        for port in ports.values { port.opening.callOff() }
        ports = [:]
    }

    /// Links have changed, or this one: an interface that was made anew needs a new socket, one that has come its first.
    func linksChanged(_ interface: String? = nil) {
        for (id, port) in ports {
            guard let name = id.interface, interface == nil || interface == name else { continue }
            if port.opening.opened.map({ $0.interfaceIndex == indexOfInterface(name) }) ?? true {
                port.opening.tryNow()
            } else {
                port.opening.callOff()
                openPort(for: port.listener)
            }
        }
    }

    private func openPort(for listener: Listener) {
        let id = listener.id
        let opening = Opening<any ListeningPort>(
            on: loop,
            open: { [self] in loop.makeCompletedFuture { try open(ports[id]?.listener ?? listener) } },
            close: { $0.close() }, tell: { [self] news in note(news, for: id) })
        ports[id] = Port(listener: listener, opening: opening)
    }

    private func note(_ news: Opening<any ListeningPort>.News, for id: Listener.ID) {
        switch news {
        case .opened(_, afterFailure: false): break
        case .opened(_, afterFailure: true): link.log(.listening(id))
        case .failed(let error):
            if !link.isServing, let failure = error as? ListenFailure, !failure.mayPass { return link.fail(failure) }
            link.log(.listeningFailed(id, reason: "\(error)"))
        }
    }

    private func change(_ port: any ListeningPort, from before: Listener, to listener: Listener) {
        do throws(TransportFailure) {
            for peer in Set(before.keys.keys).union(listener.keys.keys).sorted()
            where before.keys[peer] != listener.keys[peer] {
                try port.setMD5Key(listener.keys[peer]?.bytes, for: peer)
            }
            if before.linkLocalKey != listener.linkLocalKey { try port.setLinkLocalKey(listener.linkLocalKey?.bytes) }
            if listener.leavesRoom { port.leaveRoom() }
        } catch {
            link.log(.oldPasswordsInForce(listener.id.address, reason: "\(error)"))
        }
    }
}

extension PeerListener {
    /// Listens as the Speaker wants it.
    static func listen(
        as listener: Listener, on loop: any EventLoop, onAccept: @escaping @Sendable (PeerConnection) -> Void
    ) throws(ListenFailure) -> PeerListener {
        try listen(
            on: ScopedAddress(listener.id.address), port: listener.id.port, interface: listener.id.interface,
            keys: listener.keys.mapValues(\.bytes), linkLocalKey: listener.linkLocalKey?.bytes,
            leavesRoom: listener.leavesRoom, on: loop, onAccept: onAccept)
    }
}
