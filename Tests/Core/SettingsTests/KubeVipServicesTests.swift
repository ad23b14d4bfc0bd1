import IPTypes
import Services
import Testing

@testable import Settings

private let openPools =
    "no pools are given: a Service gets the address that it asks for, as with kube-vip, and none without asking"

@Suite struct `kube-vip's services mode` {
    @Test func `serves Services beside the control plane, of any class or none, at the addresses they ask for`() throws
    {
        let loaded = try load(environment: changed(["svc_enable": "true", "svc_election": "true"]))
        let services = try #require(loaded.settings.services)
        #expect(loaded.settings.vips.count == 1)
        #expect(services.configuration.takesUnclassed)
        #expect(services.configuration.classes == ServicesConfiguration.usualClasses)
        #expect(services.configuration.grantsAnyAddress)
        #expect(services.configuration.pools == [])
        #expect(
            loaded.otherNotices == [
                "environment svc_election: bgpvip elects no leader: every node that can carry a Service advertises it, and the routers balance",
                openPools,
            ])
    }

    @Test func `has its words for the class, the node and the kubeconfig`() throws {
        let services = try #require(
            try load(
                environment: changed([
                    "svc_enable": "true", "lb_class_only": "true", "lb_class_name": "example.org/kv",
                    "k8s_config_file": "/etc/kubernetes/super-admin.conf", "vip_nodename": "cp1",
                    "BGPVIP_SERVICES_POOLS": "192.0.2.0/24",
                ])
            ).settings.services)
        #expect(!services.configuration.takesUnclassed)
        #expect(services.configuration.classes == ["example.org/kv"])
        #expect(!services.configuration.grantsAnyAddress)
        #expect(services.configuration.pools.map(\.name) == ["default"])
        #expect(services.kubeconfig == "/etc/kubernetes/super-admin.conf")
        #expect(services.nodeName == "cp1")
    }

    @Test(
        arguments: [
            ["svc_enable": "true", "cp_enable": "false"],
            ["svc_enable": "true", "cp_enable": nil, "address": nil, "port": nil],
        ] as [[String: String?]]) func `alone advertises no address of the control plane`(changes: [String: String?])
        throws
    {
        let settings = try load(environment: changed(changes)).settings
        #expect(settings.vips == [])
        #expect(settings.checks == [])
        #expect(settings.services != nil)
    }

    @Test func `is asked for by kube-vip's command line too`() throws {
        let loaded = try load([
            "interface": ["lo"], "services": ["true"], "inCluster": ["true"], "bgp": ["true"], "localAS": ["65000"],
            "bgppeers": ["192.168.0.10:65000::false"],
        ])
        #expect(loaded.settings.services?.configuration.grantsAnyAddress == true)
        #expect(loaded.notices.contains(openPools))
    }

    @Test func `can be ignored`() throws {
        let settings = try load(environment: changed(["svc_enable": "true", "BGPVIP_IGNORE": "svc_enable"])).settings
        #expect(settings.services == nil)
        #expect(settings.vips.count == 1)
    }
}
