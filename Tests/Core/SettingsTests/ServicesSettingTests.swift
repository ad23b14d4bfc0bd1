import Advertising
import Health
import IPTypes
import Services
import Testing

@testable import Settings

@Suite struct `Settings of Services` {
    private let node: [String: [String]] = ["local-as": ["65001"], "peers": ["10.0.0.1:65000"]]

    private func range(_ text: String) throws -> AddressRange { try #require(AddressRange(text)) }

    @Test func `without a word Services are not served`() throws {
        let settings = try load(tree: FileText.least([:])).settings
        #expect(settings.services == nil)
        #expect(settings.vipSources == [.configured])
    }

    @Test func `a mapping serves them, and needs no address of ours`() throws {
        let tree = FileText.mapping([
            ("localAS", "65001"), ("peers", ["10.0.0.1:65000"]),
            (
                "services",
                [
                    "pools": [
                        "192.0.2.64/26", "front=2001:db8::10-2001:db8::1f", "front = 192.0.2.9", "any",
                    ],
                    "class": ["example.org/ours"], "excludedNodes": "true", "needsEndpoint": "true",
                    "kubeconfig": "/etc/kubernetes/admin.conf",
                    "node": "n1", "namespace": "bgpvip", "unclassed": "true", "kubeProxy": "none",
                ]
            ),
        ]).tree
        let settings = try load(tree: tree).settings
        let services = try #require(settings.services)
        #expect(settings.vips == [])
        #expect(settings.vipSources == [.configured, .services])
        #expect(services.kubeconfig == "/etc/kubernetes/admin.conf")
        #expect(services.nodeName == "n1")
        #expect(services.namespace == "bgpvip")
        #expect(services.configuration.takesUnclassed)
        #expect(services.configuration.kubeProxy == nil)
        #expect(
            services.configuration.pools == [
                AddressPool(name: "default", ranges: [try range("192.0.2.64/26")]),
                AddressPool(name: "front", ranges: [try range("2001:db8::10-2001:db8::1f"), try range("192.0.2.9")]),
            ])
        #expect(services.configuration.grantsAnyAddress)
        #expect(services.configuration.classes == ["example.org/ours"])
        #expect(services.configuration.usesExcludedNodes)
        #expect(services.configuration.clusterPolicyNeedsEndpoint)
    }

    @Test func `true is enough, and the addresses of ours are given to no Service`() throws {
        let settings = try load(tree: FileText.least(["services": "true"])).settings
        let services = try #require(settings.services)
        #expect(services.configuration.reserved == settings.vips.map(\.prefix))
        #expect(services.configuration.kubeProxy == ServicesConfiguration.usualKubeProxy)
        #expect(services.configuration.pools == [])
        #expect(!services.configuration.grantsAnyAddress)
        #expect(services.configuration.classes == ServicesConfiguration.usualClasses)
        #expect(!services.configuration.usesExcludedNodes && !services.configuration.clusterPolicyNeedsEndpoint)
        #expect(services.kubeconfig == nil && services.nodeName == nil && services.namespace == nil)
    }

    @Test func `their routes have the attributes of all, and the time of all to settle`() throws {
        let services = try #require(
            try load(node.merging(["services": ["true"], "med": ["7"], "settle": ["3s"]]) { $1 }).settings.services)
        #expect(services.configuration.attributes.multiExitDiscriminator == 7)
        #expect(services.configuration.settle == .seconds(3))
    }

    @Test func `flags do the same`() throws {
        let settings = try load(
            node.merging(["services": ["true"], "services-pools": ["192.0.2.10,192.0.2.20-192.0.2.29"]]) { $1 }
        ).settings
        #expect(
            settings.services?.configuration.pools.map(\.ranges) == [
                [try range("192.0.2.10"), try range("192.0.2.20-192.0.2.29")]
            ])
    }

    @Test func `what is wrong has its place`() {
        func fault(_ key: String, _ value: String) -> [String] {
            do throws(InvalidSettings) {
                _ = try load(node.merging(["services": ["true"], key: [value]]) { $1 })
                return []
            } catch {
                return error.errors.map { "\($0)" }
            }
        }
        #expect(
            fault("services-pools", "192.0.2.1/26") == [
                "flag --services-pools, entry 1, column 1: \"192.0.2.1/26\" is not a range of addresses; write a prefix, or FIRST-LAST of one family"
            ])
        #expect(
            fault("services-pools", "127.0.0.0/8") == [
                "flag --services-pools, entry 1, column 1: \"127.0.0.0/8\" cannot be routed to"
            ])
        #expect(
            fault("services-pools", "any,a b=192.0.2.1") == [
                "flag --services-pools, entry 2, column 5: \"a b\" is not a name in Kubernetes; write small letters, digits, - and ."
            ])
        #expect(
            fault("services-class", "a b") == [
                "flag --services-class, entry 1, column 1: \"a b\" is no loadBalancerClass; write a name such as bgpvip/vip"
            ])
        #expect(
            fault("services-node", "N 1") == [
                "flag --services-node: \"N 1\" is not a name in Kubernetes; write small letters, digits, - and ."
            ])
        #expect(
            fault("services-kube-proxy", "tcp://127.0.0.1:1") == [
                "flag --services-kube-proxy: \"tcp://127.0.0.1:1\" is not where kube-proxy answers; write http://… or none"
            ])
    }

    @Test func `without services their settings have no effect, which is an error`() {
        #expect(throws: InvalidSettings.self) {
            try load(tree: FileText.least(["servicesPools": ["192.0.2.0/24"]]))
        }
    }
}
