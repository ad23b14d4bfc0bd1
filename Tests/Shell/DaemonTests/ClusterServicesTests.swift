import Advertising
import BGPWire
import Deadlines
import Health
import HealthProbes
import IPTypes
import NIOCore
import NIOEmbedded
import Services
import Settings
import SpeakerCore
import Testing

@testable import Daemon

/// One Service of the policy Cluster, in a cluster without kube-proxy.
struct ClusterServicesTests {
    private final class Client: ServiceClient {
        let record: Record
        var tell: ([Services.Event]) -> Void = { _ in }

        init(_ record: Record) { self.record = record }

        func start() { record.lines.append("start") }
        func stop() { record.lines.append("stop") }
        func perform(_ step: Services.Step, at wall: WallTime) {
            switch step {
            case .follow(let service): record.lines.append("follow \(service)")
            case .claim(let address, for: let holder): record.lines.append("claim \(address) for \(holder)")
            case .writeStatus(let wanted): record.lines.append("status \(wanted.ingress.map { "\($0.address)" })")
            default: record.lines.append("other step")
            }
        }
    }

    private let bench = OwnerBench()
    private let client: Client
    private let owner: ClusterServices
    private let settings: ServicesSettings

    private final class Made: @unchecked Sendable {
        var probers: [FakeProber] = []
    }

    private let made = Made()
    private let web = ObjectName("shop", "web")
    private let address = IPAddress.v4(IPv4Address(0xC000_0240))

    init() throws {
        let record = bench.record
        let client = Client(record)
        self.client = client
        owner = ClusterServices(
            bench.link,
            client: { _, _, tell in
                client.tell = tell
                return client
            },
            prober: { [made] check, tell throws(CheckUnusable) in
                let prober = FakeProber(check.name, record, tell: tell)
                made.probers.append(prober)
                return prober
            })
        let range = try #require(AddressRange("192.0.2.64"))
        settings = ServicesSettings(
            configuration: ServicesConfiguration(
                pools: [AddressPool(name: "pool", ranges: [range])], kubeProxy: nil, probesEndpoints: false),
            nodeName: "n1")
    }

    /// What the owner does when this has become known; inputs by their VIPs.
    private func tell(_ events: [Services.Event]) -> [String] {
        var vips: [String] = []
        bench.onInput = { input in
            guard case .vips(.services, let changes) = input else { return }
            vips += changes.sorted { $0.key < $1.key }.map { "\($0.value == nil ? "no VIP" : "VIP") \($0.key)" }
        }
        client.tell(events)
        // Within half a second one of the nodes claims an address.
        bench.loop.advanceTime(by: .milliseconds(500))
        let lines = bench.takeRecord().filter { !$0.hasPrefix("vips(") }
        return lines + vips
    }

    private func service(_ ingress: [Service.Ingress] = []) -> Services.Event {
        .changed(
            .service(
                Service(
                    name: web, uid: "u-1", loadBalancerClass: "bgpvip/vip", ports: [Service.Port(80)], ingress: ingress)
            ))
    }

    /// The first lists, without Leases.
    private var lists: [Services.Event] {
        [
            .listBegan(.services), service(), .listEnded(.services), .listBegan(.node),
            .changed(.node(Node(name: "n1"))), .listEnded(.node), .listBegan(.claims), .listEnded(.claims),
        ]
    }

    @Test func anAddressIsClaimedShownAndAdvertised() {
        owner.serve(settings)
        #expect(bench.takeRecord() == ["start"])
        let first = tell(lists)
        #expect(first.contains("claim 192.0.2.64 for shop/web u-1"))
        #expect(first.contains("vipsAreComplete(Settings.VIPSource.services)"))

        let claimed = tell([
            .claimCreated(Claim(address: address, holder: .service(web, uid: "u-1"), uid: "l-1"))
        ])
        #expect(claimed.contains("status [\"192.0.2.64\"]"))

        let endpoint = EndpointSlice.Endpoint(
            addresses: [.v4(IPv4Address(0x0A00_0001))], nodeName: "n2", ready: true)
        let slice = EndpointSlice(name: ObjectName("shop", "web-1"), service: web, endpoints: [endpoint])
        let shown = tell([
            service([Service.Ingress(address)]), .listBegan(.slices), .changed(.slice(slice)), .listEnded(.slices),
        ])
        #expect(shown.last == "VIP 192.0.2.64/32")
        #expect(owner.status()?.services.map(\.name) == ["web"])

        // An API that is away takes nothing back, and is logged once.
        let lost = Services.Event.lost(.slices, reason: "cut")
        #expect(tell([lost, lost]) == ["warning: the Kubernetes API does not answer; what it said last holds"])
        #expect(tell([.heard(.slices)]) == ["notice: the Kubernetes API answers again"])

        #expect(tell([.deleted(.slice(slice.name))]).last == "no VIP 192.0.2.64/32")
        owner.end()
        #expect(bench.takeRecord() == ["stop"])
        #expect(owner.status() == nil)
    }

    @Test func nothingIsKeptOfANodePortThatIsWell() throws {
        var settings = settings
        settings.configuration.kubeProxy = ServicesConfiguration.usualKubeProxy
        owner.serve(settings)
        let service = Service(
            name: web, uid: "u-1", loadBalancerClass: "bgpvip/vip", trafficPolicy: .local, healthCheckNodePort: 30_001,
            ports: [Service.Port(80)], ingress: [Service.Ingress(address)])
        let claim = Claim(address: address, holder: .service(web, uid: "u-1"), uid: "l-1")
        let endpoint = EndpointSlice.Endpoint(addresses: [.v4(IPv4Address(0x0A00_0001))], nodeName: "n1", ready: true)
        _ = tell(lists + [.changed(.service(service)), .changed(.claim(claim))])
        let name = "services: health check node port 30001"
        let slice = EndpointSlice(name: ObjectName("shop", "web-1"), service: web, endpoints: [endpoint])
        #expect(tell([.changed(.slice(slice))]) == ["\(name) probe"])
        // After a failure it is, since an answer that comes too late says why.
        made.probers[0].tell(.outcome(.failed(reason: "HTTP 503", definitive: false), took: .zero))
        bench.loop.advanceTime(by: .milliseconds(250))
        #expect(bench.takeRecord() == ["\(name) probe"])
        made.probers[0].tell(.outcome(.passed, took: .zero))
        #expect(bench.takeRecord().first == "\(name) stop")
        bench.loop.advanceTime(by: .seconds(10))
        #expect(bench.takeRecord() == ["\(name) probe"] && made.probers.count == 2)
    }

    @Test func aVIPOfAServiceIsPutOnNoInterface() {
        let prefix = IPPrefix(host: address)
        #expect(VIPSettings(prefix, ServiceVIP(services: [web])).placement == .notNeeded)
        let settling = VIPSettings(prefix, ServiceVIP(services: [web], isSettling: true))
        #expect(settling.attributes.communities == [.gracefulShutdown])
    }

    @Test func theConnectionsStayIfTheClusterDoes() {
        owner.serve(settings)
        var more = settings
        more.configuration.takesUnclassed = true
        owner.serve(more)
        #expect(bench.takeRecord() == ["start"])
        more.namespace = "other"
        owner.serve(more)
        #expect(bench.takeRecord() == ["stop", "start"])
    }
}
