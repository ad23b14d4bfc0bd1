import BGPFSM
import BGPWire
import IPTypes
import Settings
import Testing

@testable import Diagnosis

@Suite struct `Codes` {
    @Test func `everything has a consequence and a remedy`() {
        for code in Finding.Code.allCases {
            let finding = Finding(code, "", "")
            #expect(!finding.consequence.isEmpty && !finding.remedy.isEmpty, "\(code.rawValue)")
        }
    }

    @Test func `a remedy names the subject`() {
        let finding = Finding(.peerNoRoute, "10.0.0.1", "no route")
        #expect(finding.remedy == "add a route: ip route add 10.0.0.1 via …; or correct the address")
        #expect(finding.severity == .fault)
    }

    @Test func `a remedy on the router is the whole command that prints it`() throws {
        var facts = Healthy.facts
        let refused = PeerFacts(end: .transport(.refused))
        func remedy(_ change: (inout Facts) -> Void = { _ in }) throws -> String {
            facts.peers[Healthy.tor] = refused
            change(&facts)
            return try #require(facts.findings.first).remedy
        }
        let start = "start BGP on the router, and configure a neighbor for this node: bgpvip tor-config DIALECT --node "
        #expect(try remedy() == start + "10.0.0.2 --for 10.0.0.1 prints it")
        #expect(
            try remedy { $0.settings.peers[0].source = Healthy.address("10.0.0.9") }
                == start + "10.0.0.9 --for 10.0.0.1 prints it")
        // The peer list does not have the address of a gateway.
        #expect(try remedy { $0.namesGateways = true } == start + "10.0.0.9 prints it")
        let port = ScopedAddress(Healthy.address("fe80::1"), zone: "eth0")
        #expect(
            try remedy {
                $0.namesGateways = false
                $0.settings.peers[0].address = port
                $0.peers[port] = refused
            } == start + "SWITCH-PORT --for fe80::1%eth0 prints it")
    }
}
