import SampleStatus
import SpeakerCore
import Testing

@testable import Wording
@testable import Services

@Suite struct ServicesTableTests {
    private static let web = ServiceStatus(
        namespace: "shop", name: "web", policy: "Local",
        addresses: [
            ServiceAddressStatus(
                family: "IPv4", address: "192.0.2.64", isAdvertised: true, reason: "this node carries it",
                reasonCode: "advertised"),
            ServiceAddressStatus(
                family: "IPv6", address: nil, isAdvertised: false,
                reason: "no pool gives out IPv6 addresses, and the Service asks for none", reasonCode: "no-pool"),
        ], complaint: "192.0.2.9 is in no pool of the settings", readyEndpoints: 3, localEndpoints: 1,
        terminatingEndpoints: 0, checks: [])

    private static func status(_ services: [ServiceStatus], failure: String? = nil) -> ServicesStatus {
        ServicesStatus(
            isComplete: true,
            feeds: [FeedStatus(kind: "Services", isComplete: true, heardSecondsAgo: 125, failure: failure)],
            services: services)
    }

    @Test func `a row for each address, below what is wrong with the API`() {
        #expect(
            servicesTable(Self.status([Self.web], failure: "connection refused")) == """
                Services cannot be watched, last heard 2m ago: connection refused
                SERVICE   POLICY  ADDRESS     ADVERTISED  READY  HERE  REASON
                shop/web  Local   192.0.2.64  yes         3      1     see below
                    this node carries it; 192.0.2.9 is in no pool of the settings
                shop/web  Local   -           no          3      1     see below
                    no pool gives out IPv6 addresses, and the Service asks for none; 192.0.2.9 is in no pool of the settings

                """)
    }

    @Test func `no Services, and no answer yet`() {
        #expect(servicesTable(Self.status([])) == "no Services of ours\n")
        var unknown = Self.status([])
        unknown.isComplete = false
        #expect(servicesTable(unknown) == "the Kubernetes API has not said yet which Services there are\n")
    }

    @Test func `why goes from the Service to the routers`() {
        let chain = WhyChain(of: Status.sample.vips[0], in: .sample)
        let why = WhyService(Self.web, [chain])
        #expect(
            why.text == """
                shop/web 192.0.2.64 is advertised from this node: this node carries it
                shop/web IPv6 is not advertised from this node: no pool gives out IPv6 addresses, and the Service asks for none
                  externalTrafficPolicy Local; 3 ready endpoints, 1 of them on this node; 0 terminating
                  192.0.2.9 is in no pool of the settings

                """ + chain.text)
        #expect(!why.isGood)
    }

    @Test func `why is good if every address is advertised and a peer was told`() {
        var service = Self.web
        service.addresses.removeLast()
        let chain = WhyChain(of: Status.sample.vips[0], in: .sample)
        #expect(WhyService(service, [chain]).isGood == (chain.advertisedTo > 0))
        #expect(service.isAdvertised("192.0.2.64"))
        #expect(!service.isAdvertised("192.0.2.9"))
    }
}
