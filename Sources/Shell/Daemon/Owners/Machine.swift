import BGPFSM
import BGPTransport
import ControlSocket
import Health
import HealthProbes
import IPTypes
import Intent
import Kubernetes
import NIOCore
import Netlink
import Services
import Settings
import SpeakerCore
import ShellSystem
import Wording

/// Everything that the daemon asks of the machine; tests have another.
struct Machine: Sendable {
    /// Where calls run that may take the kernel a while: all that concern the node's TCP connections.
    var thread: any WorkThread
    var peers: PeerKernel
    var bfd = BFDKernel.ofNode
    /// Opens a listening socket, and tells of each connection that comes.
    var listen:
        @Sendable (Listener, any EventLoop, @escaping @Sendable (any PeerLink) -> Void) throws(ListenFailure)
            -> any ListeningPort = { listener, loop, accept throws(ListenFailure) in
                try PeerListener.listen(as: listener, on: loop) { accept($0) }
            }
    /// The interface of this name.
    var interface: @Sendable (String) throws(NetlinkError) -> any VIPInterface = { name throws(NetlinkError) in
        try InterfaceAddresses(interface: name)
    }
    /// Takes what an earlier run left off the interface, except what instances that live have bound.
    var removeLeftovers: @Sendable (String, AddressLocks, HostLink) -> Void = { interface, locks, link in
        Daemon.removeLeftovers(of: interface, locks) { link.log($0) }
    }
    var endConnections: ConnectionEnding.Ending
    var locality: LocalityLooks.Question = { asked in
        Result { () throws(NetlinkError) in try NodeNetwork.localAddresses(among: asked) }
    }
    var network: NetworkLooks.Look = { settings in
        Result { () throws(NetlinkError) in try NodeIntent.Network(for: settings) }
    }
    var watchRoutes: NetworkLooks.WatchRoutes = { loop, onChange throws(NetlinkError) in
        try RouteWatch(on: loop, onChange: onChange)
    }
    var probe:
        @Sendable (Check, any EventLoop, @escaping @Sendable (ProbeEvent) -> Void) throws(CheckUnusable) -> any Probing =
            {
                check, loop, tell throws(CheckUnusable) in try Prober(check: check, on: loop, onEvent: tell)
            }
    var uplinks: LoopRules.Uplinks = { peers in
        Result { () throws(NetlinkError) in try NodeNetwork.uplinks(to: peers) }
    }
    var setLoopRules: LoopRules.Setting = { rules, locks in
        Result { () throws(NetlinkError) in
            try NodeNetwork.setLoopRules(rules) { locks.leftovers(among: [$0]).isEmpty }
        }
    }
    var serviceClient:
        @Sendable (ServicesSettings, any EventLoop, @escaping ([Services.Event]) -> Void) -> any ServiceClient = {
            settings, loop, onEvents in KubernetesClient.ofNode(settings, on: loop, onEvents: onEvents)
        }
    /// The first file that these checks cannot use, after a second at most.
    var unusableFile: @Sendable ([Check], any EventLoop, @escaping (CheckUnusable?) -> Void) -> Void = {
        checks, loop, report in firstUnusableFile(of: checks, on: loop, within: .seconds(1), report: report)
    }
    var makeThread: @Sendable (BlockingThread.WithoutThread) -> any WorkThread = { BlockingThread(withoutThread: $0) }
    var drainFile: DrainFileLooks.Look = { path in
        Result { () throws(DrainFile.Unknown) in try DrainFile(at: path) }
    }
    var watchFile: DrainFileLooks.Watch = { path, thread, loop, lookIsDue, cannotWatch in
        let watch = FileWatch(path, by: thread, on: loop, lookIsDue: lookIsDue, cannotWatch: cannotWatch)
        return { watch.stop() }
    }
    var openControl: @Sendable (String, any EventLoop, @escaping ControlAnswer) -> EventLoopFuture<any Answering> = {
        path, loop, answer in ControlServer.start(path: path, on: loop, answer: answer).map { $0 }
    }
    var openMonitoring:
        @Sendable (SocketTarget, any EventLoop, @escaping ControlAnswer) -> EventLoopFuture<any Answering> = {
            endpoint, loop, answer in
            ControlServer.startTCP(
                address: "\(endpoint.address)", port: Int(endpoint.port), on: loop, answer: answer
            ).map { $0 }
        }
    var watchSignals: @Sendable (any EventLoop, @escaping @Sendable (Int32) -> Void) throws -> EventLoopFuture<Void> = {
        loop, onSignal in try Signals.watch(on: loop, onSignal: onSignal)
    }
    var ownMemory: @Sendable () -> Int? = Daemon.ownMemory
    var giveBackHeap: @Sendable () -> Void = Daemon.giveBackHeap

    /// This machine. Looks at once at who else speaks BGP with hosts that listen on this port, so that the first peers are
    /// dialled without waiting for it.
    static func ofNode(dialling port: UInt16?) -> Machine {
        let (thread, broken, otherSpeakers) = (BlockingThread(), BrokenConnections(), OtherSpeakers())
        if let port { thread.submit { otherSpeakers.look(ahead: port) } }
        return Machine(
            thread: thread, peers: .ofNode(otherSpeakers),
            endConnections: { kind, addresses in
                Result { () throws(NetlinkError) in try broken.end(kind, of: addresses) }
            })
    }
}
