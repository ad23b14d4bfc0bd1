import BGPFSM
import BGPWire
import IPTypes
import Testing

@testable import Diagnosis

@Suite struct `Codes` {
    @Test func `everything has a consequence and a remedy`() {
        for code in Finding.Code.allCases {
            #expect(!code.kind.consequence.isEmpty && !code.kind.remedy.isEmpty, "\(code.rawValue)")
        }
    }

    @Test func `a remedy names the subject`() {
        let finding = Finding(.peerNoRoute, "10.0.0.1", "no route")
        #expect(finding.remedy == "add a route: ip route add 10.0.0.1 via …; or correct the address")
        #expect(finding.severity == .fault)
    }
}
