import IPTypes
import Services
import Testing

@Suite("Values of the Kubernetes API")
struct ValueTests {
    @Test(
        "A Lease is named after its address",
        arguments: [
            ("192.0.2.10", "lb-192-0-2-10"),
            ("2001:db8::1", "lb-2001-0db8-0000-0000-0000-0000-0000-0001"),
        ])
    func leaseNames(text: String, name: String) throws {
        let address = try #require(IPAddress(text))
        #expect(Claim.leaseName(of: address) == name)
        #expect(Claim.address(ofLease: name) == address)
    }

    @Test(
        "Other names claim nothing",
        arguments: ["lb-192-0-2", "lb-192-0-2-010", "lb-2001-db8-0-0-0-0-0-1", "web", "lb-", "lb-::1", ""])
    func otherNames(name: String) {
        #expect(Claim.address(ofLease: name) == nil)
    }

    @Test("The holder of a claim survives its text")
    func holders() {
        let service = Claim.Holder.service(ObjectName("default", "web"), uid: "u1")
        for holder in [service, .sharing(key: "front door"), .stranger("kube-controller-manager")] {
            #expect(Claim.Holder(holder.description) == holder)
        }
        #expect(service.description == "default/web u1")
        #expect(Claim.Holder("web u1") == .stranger("web u1"))
    }

    @Test(
        "A range as the fewest prefixes",
        arguments: [
            ("192.0.2.64/26", ["192.0.2.64/26"]), ("192.0.2.7", ["192.0.2.7/32"]),
            ("192.0.2.10-192.0.2.20", ["192.0.2.10/31", "192.0.2.12/30", "192.0.2.16/30", "192.0.2.20/32"]),
            ("255.255.255.254-255.255.255.255", ["255.255.255.254/31"]), ("0.0.0.0/0", ["0.0.0.0/0"]),
            ("2001:db8::10-2001:db8::1f", ["2001:db8::10/124"]),
            (
                "2001:db8::ffff:ffff:ffff:ffff-2001:db8:0:1::",
                ["2001:db8::ffff:ffff:ffff:ffff/128", "2001:db8:0:1::/128"]
            ),
        ])
    func rangeAsPrefixes(text: String, prefixes: [String]) throws {
        #expect(try #require(AddressRange(text)).prefixes.map { "\($0)" } == prefixes)
    }

    @Test("What others wrote into the cluster stays on one line of a reason")
    func foreignText() {
        #expect(
            "\(ServiceReason.unreadable("a", "1\u{2028}2\n3\u{202E}"))" == "a contains \"1?2?3?\", which cannot be read"
        )
        #expect(
            "\(ServiceReason.otherClass("x\u{1B}[2J"))"
                == "its loadBalancerClass is x?[2J, which another controller serves")
    }

    @Test("Conditions that an endpoint does not have mean what the API defines")
    func conditions() {
        let bare = EndpointSlice.Endpoint(addresses: [], nodeName: nil)
        #expect([bare.isReady, bare.isServing, bare.isTerminating] == [true, true, false])
        let unready = EndpointSlice.Endpoint(addresses: [], nodeName: nil, ready: false)
        #expect([unready.isReady, unready.isServing, unready.isTerminating] == [false, false, false])
        let ending = EndpointSlice.Endpoint(
            addresses: [], nodeName: nil, ready: false, serving: true, terminating: true)
        #expect([ending.isReady, ending.isServing, ending.isTerminating] == [false, true, true])
    }

    @Test(
        "A range is a prefix, an address, or a first and a last address",
        arguments: [
            ("192.0.2.0/30", "192.0.2.0-192.0.2.3"), ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.250-192.0.3.5", "192.0.2.250-192.0.3.5"), ("0.0.0.0/0", "0.0.0.0-255.255.255.255"),
            ("2001:db8::/64", "2001:db8::-2001:db8::ffff:ffff:ffff:ffff"),
            ("2001:db8::/48", "2001:db8::-2001:db8:0:ffff:ffff:ffff:ffff:ffff"),
            ("::/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ("2001:db8::1/128", "2001:db8::1"),
        ])
    func ranges(text: String, description: String) {
        #expect(AddressRange(text)?.description == description)
    }

    @Test(
        "Other texts are no range",
        arguments: ["192.0.2.5-192.0.2.1", "192.0.2.1-2001:db8::1", "192.0.2.1/24", "192.0.2.1-", "", "-"])
    func noRanges(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test("A range contains its ends and nothing beyond, and nothing of the other family")
    func containment() throws {
        let range = try #require(AddressRange("192.0.2.10-192.0.2.20"))
        let inside = ["192.0.2.10", "192.0.2.20", "192.0.2.9", "192.0.2.21", "::c000:20f"].map { text in
            IPAddress(text).map { range.contains($0) }
        }
        #expect(inside == [true, true, false, false, false])
    }
}
