import IPTypes
import JSON
import Services
import Testing

@testable import KubernetesAPI

struct DecodingTests {
    /// What the selection of a kind keeps of a text.
    private func read(_ text: String, _ selection: JSONSelection) throws -> JSONValue {
        var reader = JSONReader(selection)
        var value = JSONValue.null
        try reader.read(Array((text + " ").utf8).span) { if case .document(let json) = $0 { value = json } }
        return value
    }

    @Test func aServiceIsRead() throws {
        let text = """
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"shop","uid":"u-1",
            "resourceVersion":"42","creationTimestamp":"2026-11-29T12:34:56Z","labels":{"app":"web"},
            "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}",
            "metallb.io/loadBalancerIPs":"192.0.2.10"},"managedFields":[{"manager":"kubectl"}]},
            "spec":{"type":"LoadBalancer","loadBalancerClass":"bgpvip/vip","loadBalancerIP":"192.0.2.9",
            "ipFamilies":["IPv6","IPv4"],"ipFamilyPolicy":"PreferDualStack","clusterIPs":["fd00::1","10.96.0.7"],
            "externalTrafficPolicy":"Local","healthCheckNodePort":31234,"selector":{"app":"web"},
            "ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":"http","nodePort":30080},
            {"port":53,"protocol":"UDP"}]},
            "status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.10","ipMode":"VIP"},{"hostname":"x"},
            {"ip":"2001:db8::1"}]}}}
            """
        let service = Service(try read(text, Service.selection))
        #expect(
            service
                == Service(
                    name: ObjectName("shop", "web"), uid: "u-1", resourceVersion: "42", createdAt: 1_795_955_696,
                    annotations: ["metallb.io/loadBalancerIPs": "192.0.2.10"], isLoadBalancer: true,
                    loadBalancerClass: "bgpvip/vip", loadBalancerIP: "192.0.2.9", families: [.ipv6, .ipv4],
                    familyPolicy: .preferDual,
                    clusterIPs: [IPAddress("fd00::1"), IPAddress("10.96.0.7")].compactMap { $0 },
                    trafficPolicy: .local, healthCheckNodePort: 31234,
                    ports: [Service.Port(80, "TCP"), Service.Port(53, "UDP")], selector: ["app": "web"],
                    ingress: [
                        Service.Ingress(.v4(IPv4Address(0xC000_020A)), mode: "VIP"),
                        Service.Ingress(try #require(IPAddress("2001:db8::1")), mode: nil),
                    ]))
    }

    @Test func anOddServiceIsReadAsFarAsItGoes() {
        let odd: JSONValue = [
            "metadata": ["name": "web", "annotations": ["a": 1], "creationTimestamp": 5],
            "spec": [
                "type": [], "ipFamilies": "IPv4", "ports": [["port": 70000], ["port": "x"], 5], "selector": ["a": [:]],
                "healthCheckNodePort": -1, "clusterIPs": ["None"],
            ], "status": ["loadBalancer": ["ingress": [["ip": "x"], .null]]],
        ]
        #expect(
            Service(odd)
                == Service(name: ObjectName("", "web"), uid: "", isLoadBalancer: false, families: []))
        #expect(Service(["metadata": ["name": ""]]) == nil)
        #expect(Service(.null) == nil)
    }

    @Test(arguments: [
        "web\u{FFFD}", "web\n", "we b", "web/x", "Web", "w%62", "web\u{1B}[2J", String(repeating: "a", count: 254),
    ])
    func whatIsNoNameNamesNoObject(_ text: String) {
        #expect(ObjectName(["name": .string(text), "namespace": "shop"]) == nil)
        #expect(ObjectName(["name": "web", "namespace": .string(text)]) == nil)
    }

    @Test(arguments: ["web", "0-a.b", String(repeating: "a", count: 253)])
    func whatTheAPIAcceptsIsAName(_ text: String) {
        #expect(ObjectName(["name": .string(text), "namespace": "shop"]) == ObjectName("shop", text))
    }

    @Test func aSliceIsRead() throws {
        let text = """
            {"metadata":{"name":"web-x","namespace":"shop","labels":{"kubernetes.io/service-name":"web","a":"b"}},
            "addressType":"IPv4","ports":[{"name":"","port":8080,"protocol":"TCP"},{"port":null}],
            "endpoints":[{"addresses":["10.0.0.1"],"nodeName":"n1","conditions":{"ready":true,"serving":true,
            "terminating":false},"targetRef":{"kind":"Pod"}},
            {"addresses":["10.0.0.2"],"nodeName":"n2","conditions":{"ready":false,"serving":true,"terminating":true}},
            {"addresses":["10.0.0.3"]},{"addresses":["10.0.0.4"],"conditions":{"ready":null}}]}
            """
        func address(_ last: UInt32) -> [IPAddress] { [.v4(IPv4Address(0x0A00_0000 + last))] }
        #expect(
            EndpointSlice(try read(text, EndpointSlice.selection))
                == EndpointSlice(
                    name: ObjectName("shop", "web-x"), service: ObjectName("shop", "web"), family: .ipv4,
                    endpoints: [
                        EndpointSlice.Endpoint(addresses: address(1), nodeName: "n1", ready: true),
                        EndpointSlice.Endpoint(
                            addresses: address(2), nodeName: "n2", ready: false, serving: true, terminating: true),
                        EndpointSlice.Endpoint(addresses: address(3), nodeName: nil),
                        EndpointSlice.Endpoint(addresses: address(4), nodeName: nil),
                    ], ports: [Service.Port(8080)]))
    }

    @Test func aSliceOfNamesOrOfNoServiceIsNone() {
        let metadata: JSONValue = ["name": "x", "labels": ["kubernetes.io/service-name": "web"]]
        #expect(EndpointSlice(["metadata": metadata, "addressType": "FQDN"]) == nil)
        #expect(EndpointSlice(["metadata": ["name": "x"], "addressType": "IPv4"]) == nil)
        #expect(EndpointSlice(["metadata": metadata, "addressType": "IPv6"]) != nil)
    }

    @Test func aNodeIsRead() throws {
        let text = """
            {"metadata":{"name":"n1","labels":{"node.kubernetes.io/exclude-from-external-load-balancers":"","x":"y"}},
            "spec":{"podCIDR":"10.244.1.0/24","podCIDRs":["10.244.1.0/24","fd00:1::/64"]},
            "status":{"addresses":[{"type":"InternalIP","address":"192.0.2.1"},{"type":"Hostname","address":"n1"},
            {"type":"ExternalIP","address":"198.51.100.1"}],
            "conditions":[{"type":"Ready","status":"True"},{"type":"NetworkUnavailable","status":"True"}]}}
            """
        #expect(
            Node(try read(text, Node.selection))
                == Node(
                    name: "n1", isExcluded: true, isNetworkUnavailable: true,
                    internalAddresses: [.v4(IPv4Address(0xC000_0201))],
                    otherAddresses: [.v4(IPv4Address(0xC633_6401))],
                    podCIDRs: ["10.244.1.0/24", "fd00:1::/64"].compactMap { IPPrefix(parsing: $0) }))
        #expect(Node(["metadata": ["name": "n1"]]) == Node(name: "n1"))
    }

    @Test func aLeaseIsReadIfItIsNamedAfterAnAddress() {
        let lease: JSONValue = [
            "metadata": ["name": "lb-192-0-2-10", "uid": "u-9", "resourceVersion": "7"],
            "spec": ["holderIdentity": "shop/web u-1"],
        ]
        #expect(
            Claim(lease)
                == Claim(
                    address: .v4(IPv4Address(0xC000_020A)), holder: .service(ObjectName("shop", "web"), uid: "u-1"),
                    uid: "u-9", resourceVersion: "7"))
        #expect(Claim(["metadata": ["name": "leader"]]) == nil)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2000-02-29T23:59:59Z", 951_868_799), ("2100-03-01T00:00:00Z", 4_107_542_400),
    ])
    func timesAreSecondsSince1970(text: String, seconds: Int64) {
        #expect(secondsSince1970(text) == seconds)
    }

    @Test(arguments: ["", "2026-11-29", "2026-11-29T12:00:00", "2026-11-29T12:00:00+01:00", "a-b-cTd:e:fZ", "------Z"])
    func otherTextsAreNoTimes(text: String) {
        #expect(secondsSince1970(text) == nil)
    }
}
