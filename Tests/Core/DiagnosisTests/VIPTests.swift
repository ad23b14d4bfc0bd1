import Health
import IPTypes
import Settings
import SpeakerCore
import Testing

@testable import Diagnosis

@Suite struct `A VIP` {
    private func place(_ length: Int, _ interface: String, isOurs: Bool = false) -> NodeFacts.Address {
        NodeFacts.Address(Healthy.vip, length, on: interface, isOurs: isOurs)
    }

    @Test func `is on the node already`() {
        #expect(
            said { $0.node.addresses.append(place(24, "eth0")) } == [
                "fault vip-node-address 10.255.0.1: 10.255.0.1/24 is on eth0, as an address of the node in a subnet"
            ])
        #expect(
            said { $0.node.addresses.append(place(32, "eth0")) } == [
                "warning vip-elsewhere 10.255.0.1: 10.255.0.1/32 is on eth0"
            ])
        #expect(
            said { $0.node.addresses.append(place(32, "lo")) } == [
                "warning vip-foreign 10.255.0.1: 10.255.0.1/32 is on lo, and bgpvip did not put it there"
            ])
        #expect(
            said { $0.node.addresses.append(place(32, "lo", isOurs: true)) } == [
                "warning vip-leftover 10.255.0.1: 10.255.0.1/32 is on lo, left there by a bgpvip that no longer runs"
            ])
        #expect(
            said {
                $0.node.addresses.append(place(32, "lo"))
                $0.settings.vips[0].binds = false
            } == [])
    }

    @Test func `is inside a subnet of the node`() {
        let inside: (inout Facts) -> Void = {
            $0.node.addresses.append(NodeFacts.Address(Healthy.address("10.255.0.9"), 24, on: "eth1"))
            $0.node.arpIgnore["eth1"] = 1
        }
        let text = "warning vip-on-subnet 10.255.0.1: 10.255.0.1 is inside 10.255.0.0/24, the subnet of eth1"
        #expect(said(inside) == [text])
        #expect(
            said {
                inside(&$0)
                $0.node.arpIgnore["eth1"] = 0
            } == [
                "fault vip-answers-arp 10.255.0.1: arp_ignore is 0 on eth1, whose subnet 10.255.0.0/24 has the VIP",
                text,
            ])
    }

    @Test func `belongs to others`() {
        #expect(
            said { $0.node.serviceRanges = [IPPrefix(parsing: "10.255.0.0/16")].compactMap { $0 } } == [
                "fault vip-service-range 10.255.0.1: 10.255.0.1 is inside 10.255.0.0/16, Kubernetes' range for Services"
            ])
        #expect(
            said { $0.settings.peers[0].address = ScopedAddress(Healthy.vip) }.contains(
                "fault vip-peer-address 10.255.0.1: 10.255.0.1 is the address of the peer 10.255.0.1"))
    }

    @Test func `has no check`() {
        #expect(
            said { $0.settings.vips[0].checks = [] } == ["warning vip-unchecked 10.255.0.1: 10.255.0.1/32 has no check"]
        )
    }

    @Test func `cannot be bound`() {
        #expect(
            said(running: true) { $0.status?.vips[0].bindError = "not permitted" } == [
                "fault vip-unbound 10.255.0.1: not permitted"
            ])
    }

    @Test func `is of the other family than all peers`() {
        #expect(
            said {
                $0.settings.vips[0].prefix = IPPrefix(host: Healthy.address("fd00::9"))
                $0.node.listening = [6443: [Healthy.address("::"), Healthy.address("0.0.0.0")]]
            }.map { String($0.prefix(36)) }
                == [
                    "fault peer-without-family 10.0.0.1: ".prefix(36).description,
                    "warning vip-other-family fd00::9: fd", "warning certificate-name check api: ",
                ].map { String($0.prefix(36)) })
    }

    @Test func `is drained, not lost`() {
        // The codes are the daemon's reasons; this one is not for a peer.
        #expect(Finding.Code(rawValue: "node-drained") == .nodeDrained)
    }
}

@Suite struct `A service` {
    @Test func `listens elsewhere or nowhere`() {
        #expect(
            said { $0.node.listening = [6443: [Healthy.address("127.0.0.1")]] } == [
                "fault service-elsewhere 10.255.0.1: the service listens on 127.0.0.1 only: connections to 10.255.0.1:6443 are refused, unless this node redirects them (NAT, IPVS); let it listen on 10.255.0.1 or on all addresses"
            ])
        #expect(
            said {
                $0.node.listening = [:]
                $0.checks["api"] = CheckFacts(outcome: .failed(reason: "connection refused", definitive: true))
            } == [
                "fault service-not-listening 10.255.0.1: port 6443: no program on this node listens on this port",
                "fault check-fails check api: connection refused",
            ])
        #expect(
            said(running: true) {
                $0.status?.vips[0].listeners = [
                    ListenerStatus(port: 6443, checks: ["api"], reach: .none, addresses: [])
                ]
            } == ["fault service-not-listening 10.255.0.1: port 6443: no program on this node listens on this port"])
    }

    @Test func `is another host's`() {
        #expect(
            said {
                $0.settings.checks[0].kind = .tcp(SocketTarget(address: Healthy.address("10.0.0.77"), port: 6443))
                $0.checks["api"] = CheckFacts(outcome: .passed)
            } == ["warning check-elsewhere check api: the check asks 10.0.0.77, which is no address of this node"])
    }

    @Test func `refuses, or its check cannot run`() {
        let refusal = Outcome.anonymousRefused(reason: "HTTP 403: no", isUnauthenticated: false)
        #expect(
            said { $0.checks["api"] = CheckFacts(outcome: refusal) } == [
                "fault check-anonymous check api: HTTP 403: no"
            ])
        #expect(
            said {
                $0.checks["api"] = CheckFacts(outcome: refusal)
                if case .http(var http) = $0.settings.checks[0].kind {
                    http.acceptsAnonymousRefusal = true
                    $0.settings.checks[0].kind = .http(http)
                }
            } == ["warning check-anonymous check api: HTTP 403: no"])
        #expect(
            said {
                $0.checks["api"] = CheckFacts(
                    outcome: .failed(reason: "no CA", definitive: false), fileFaults: ["the CA file /x is missing"])
            } == ["fault check-file check api: the CA file /x is missing"])
        let etcd = "HTTP 500: [-]etcd failed: reason withheld"
        #expect(
            said { $0.checks["api"] = CheckFacts(outcome: .failed(reason: etcd, definitive: false)) } == [
                "fault check-etcd check api: \(etcd)"
            ])
    }

    @Test func `has a certificate`() {
        func certificate(
            names: [String] = [], addresses: [IPAddress] = [Healthy.vip], from: Int64 = -1, until: Int64 = 5_000_000
        ) -> [String] {
            said {
                $0.checks["api"]?.certificate = ServerCertificate(
                    names: names, addresses: addresses, notBefore: $0.node.clock + from, notAfter: $0.node.clock + until
                )
            }
        }
        #expect(certificate() == [])
        #expect(
            certificate(until: -86_400) == [
                "fault certificate-expired check api: the service's certificate expired 24 h ago"
            ])
        #expect(
            certificate(until: 1_209_599) == [
                "warning certificate-expires check api: the service's certificate expires in 13 days"
            ])
        #expect(certificate(until: 1_209_600) == [])
        #expect(
            certificate(from: 7200) == [
                "fault certificate-future check api: the service's certificate is valid only in 2 h"
            ])
        #expect(
            certificate(names: ["kubernetes.default.svc", "localhost"], addresses: [Healthy.address("10.96.0.1")]) == [
                "warning certificate-name check api: the certificate is for kubernetes.default.svc, localhost, 10.96.0.1, and not for the VIP 10.255.0.1"
            ])
        #expect(certificate(names: ["api.example.net"], addresses: []) == [])
    }

    @Test(arguments: [
        ("api.example.net", true), ("API.Example.net", true), ("x.svc.example", true), ("x.y.svc.example", false),
        ("svc.example", false), ("other", false),
    ]) func `certificate covers names`(name: String, isCovered: Bool) {
        let certificate = ServerCertificate(
            names: ["api.example.net", "*.svc.example"], addresses: [], notBefore: 0, notAfter: 0)
        #expect(certificate.covers(name: name) == isCovered)
    }
}
