import Advertising
import BGPFSM
import BGPWire
import Confinement
import ControlSocket
import Health
import HealthProbes
import IPTypes
import Intent
import NIOCore
import NIOEmbedded
import SpeakerCore
import ShellSystem

@testable import BGPTransport
@testable import Daemon
@testable import Netlink
@testable import Settings

/// A whole daemon with one VIP, one check and one peer, on a machine of tests and a clock of its own. All of it is used on
/// the loop.
final class HostBench: @unchecked Sendable {
    let loop = NIOAsyncTestingEventLoop()
    let record = Record()
    let thread = HeldThread()
    let peers: FakePeerKernel
    let interface: FakeInterface
    /// Tests run beside one another.
    private let lockPrefix = "bgpvip test \(UInt64.random(in: 0 ... .max))"
    private(set) var host: SpeakerHost?
    private(set) var exitStatus: Int32?
    /// Tells what came of a probe.
    private(set) var probed: (@Sendable (ProbeEvent) -> Void)?
    /// Asks the daemon something.
    private(set) var ask: ControlAnswer?
    private(set) var signal: (@Sendable (Int32) -> Void)?
    /// What a reload reads; with nil it is wrong.
    var reloaded: Settings?
    /// What listens; with nil the interface or address is missing.
    var port: FakePort?
    /// What of the process is resident, in octets.
    var ownMemory = 1 << 20

    init() {
        peers = FakePeerKernel(record)
        interface = FakeInterface(record)
        port = FakePort(record, interfaceIndex: nil)
    }

    static let check = Check(
        name: "api", kind: .tcp(SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443)))
    static let settings = Settings(
        localAS: ASNumber(65001), routerID: BGPIdentifier(0x0A00_0002),
        vips: [VIPSettings(prefix: Sample.vip(1), checks: ["api"])], checks: [check],
        peers: [PeerSettings(address: Sample.tor, peerAS: .exactly(ASNumber(65000)))],
        departure: DepartureSettings(settle: .zero, acknowledgement: .seconds(1), linger: .milliseconds(200)))
    private static let endpoints = Endpoints(
        local: .v4(IPv4Address(0x0A00_0002)), remote: .v4(IPv4Address(0x0A00_0001)))

    /// Does this on the loop, and what is due at once.
    func onLoop(_ body: @escaping @Sendable () -> Void) async throws {
        try await loop.executeInContext(body)
        await loop.run()
    }

    /// What has happened since the last time.
    func takeRecord() async throws -> [String] {
        try await loop.executeInContext { [self] in
            defer { record.lines = [] }
            return record.lines
        }
    }

    /// Starts the daemon, and lets its thread work.
    func start(
        confinement: Confinement = .none, _ adapt: (inout Settings) -> Void = { _ in }
    ) async throws {
        var settings = Self.settings
        settings[Settings.process.controlSocket] = "/run/test.sock"
        adapt(&settings)
        let start = DaemonStart(
            settings: settings, load: { [self] in load() }, version: "test",
            addressLocks: AddressLocks(prefix: lockPrefix), serviceManager: nil, confinement: confinement)
        try await onLoop { [self] in
            let host = SpeakerHost(start, on: machine, log: LineLog(format: .logfmt, descriptor: -1), loop: loop)
            self.host = host
            host.begin { self.exitStatus = $0 }
        }
        try await work()
    }

    private func load() -> Result<LoadedSettings, InvalidSettings> {
        guard let reloaded else { return .failure(InvalidSettings(errors: [], notices: [])) }
        return .success(
            LoadedSettings(
                settings: reloaded, notices: [], ignored: [], resolved: [], texts: [:], isPeerListExact: true,
                peerListShowsPassword: false, fileShowsPassword: false, passwordFiles: []))
    }

    /// Lets the thread do what it was given.
    func work() async throws { try await onLoop { [thread] in thread.work() } }

    /// The check passes, and the session with the peer is Established: the VIP is bound and advertised.
    func enterService() async throws {
        try await onLoop { [self] in probed?(.outcome(.passed, took: .zero)) }
        let open = Open(
            myAS: 65000, holdTime: 90, identifier: BGPIdentifier(9),
            parameters: [.capabilities([.multiprotocol(.ipv4Unicast), .fourOctetAS(ASNumber(65000))])])
        for event in [
            ConnectionEvent.connected(Self.endpoints), .received(.open(open)), .received(.keepalive),
        ] {
            try await onLoop { [peers] in peers.dialled[0].happen(event) }
        }
        try await work()
    }

    private var machine: Machine {
        let (record, interface) = (record, interface)
        var machine = Machine(
            thread: thread, peers: peers.kernel,
            endConnections: { kind, addresses in
                record.lines.append("end \(kind) \(addresses.count)")
                return .success(0)
            })
        machine.listen = { [self] listener, _, _ throws(ListenFailure) in
            record.lines.append("listen on \(listener.id.address)")
            guard let port else {
                throw ListenFailure(address: ScopedAddress(listener.id.address), port: 179, cause: .sourceUnavailable)
            }
            return port
        }
        machine.makeThread = { [thread] _ in thread }
        machine.interface = { _ throws(NetlinkError) in interface }
        machine.removeLeftovers = { _, _, _ in record.lines.append("remove leftovers") }
        machine.network = { _ in .success(NodeIntent.Network()) }
        machine.probe = { [self] check, _, tell throws(CheckUnusable) in
            probed = tell
            return FakeProber(check.name, record, tell: tell)
        }
        machine.openControl = { [self] _, loop, answer in
            ask = answer
            record.lines.append("control socket")
            return loop.makeSucceededFuture(FakeServer(record, on: loop))
        }
        machine.watchSignals = { [self] loop, onSignal in
            signal = onSignal
            return loop.makeSucceededVoidFuture()
        }
        machine.ownMemory = { [self] in ownMemory }
        machine.giveBackHeap = { record.lines.append("give back heap") }
        return machine
    }
}

/// A control socket of tests.
final class FakeServer: Answering, @unchecked Sendable {
    private let record: Record
    private let loop: any EventLoop

    init(_ record: Record, on loop: any EventLoop) {
        self.record = record
        self.loop = loop
    }

    func stop() -> EventLoopFuture<Void> {
        record.lines.append("control socket closed")
        return loop.makeSucceededVoidFuture()
    }
}
