import BGPWire
import IPTypes
import Testing

@testable import Settings

@Suite struct `The peer list` {
    struct Good: Sendable, CustomTestStringConvertible {
        var text: String
        var isKubeVip = false
        var spelled: String
        var testDescription: String { text }
    }

    static let good: [Good] = [
        Good(text: "10.0.0.1:65000", spelled: "10.0.0.1:65000"),
        Good(text: "10.0.0.1:external", spelled: "10.0.0.1:external"),
        Good(text: "10.0.0.1:internal", spelled: "10.0.0.1:internal"),
        Good(text: "10.0.0.1:64086.59905", spelled: "10.0.0.1:4200000001"),
        Good(text: "[2001:DB8::1]:65000", spelled: "[2001:db8::1]:65000"),
        Good(text: "[fe80::1%eth0]:external", spelled: "[fe80::1%eth0]:external"),
        Good(text: "gateway:65000", spelled: "gateway:65000"),
        Good(text: "gateway : external : secret : 2", spelled: "gateway:external:secret:2"),
        Good(text: "unnumbered:eth0:65000", spelled: "unnumbered:eth0:65000"),
        Good(text: "unnumbered:eth0.100", spelled: "unnumbered:eth0.100:external"),
        Good(text: "unnumbered:eth0:", spelled: "unnumbered:eth0:external"),
        Good(text: "unnumbered : eth0 : internal : secret", spelled: "unnumbered:eth0:internal:secret"),
        Good(text: "unnumbered:eth0::secret::1790", spelled: "unnumbered:eth0:external:secret::1790"),
        Good(text: "10.0.0.1:65000:secret", spelled: "10.0.0.1:65000:secret"),
        Good(text: "10.0.0.1:65000::false", spelled: "10.0.0.1:65000"),
        Good(text: "10.0.0.1:65000::true", spelled: "10.0.0.1:65000::true"),
        Good(text: "10.0.0.1:65000::t", spelled: "10.0.0.1:65000::true"),
        Good(text: "10.0.0.1:65000::2", spelled: "10.0.0.1:65000::2"),
        Good(text: "10.0.0.1:65000::1", spelled: "10.0.0.1:65000::1"),
        Good(text: "10.0.0.1:65000::255", spelled: "10.0.0.1:65000::255"),
        Good(text: "10.0.0.1:65000:s:3:1790", spelled: "10.0.0.1:65000:s:3:1790"),
        Good(text: "10.0.0.1:65000:::1790", spelled: "10.0.0.1:65000:::1790"),
        Good(text: "10.0.0.1 : 65000 : secret : true : 1790", spelled: "10.0.0.1:65000:secret:true:1790"),
        // kube-vip: 1 and 0 are booleans
        Good(text: "10.0.0.1:65000::1", isKubeVip: true, spelled: "10.0.0.1:65000::true"),
        Good(text: "10.0.0.1:65000::0", isKubeVip: true, spelled: "10.0.0.1:65000"),
        Good(text: "10.0.0.1:65000::TRUE", isKubeVip: true, spelled: "10.0.0.1:65000::true"),
        Good(text: "unnumbered:eth0", isKubeVip: true, spelled: "unnumbered:eth0:external"),
        Good(text: "unnumbered:eth0:65000::false", isKubeVip: true, spelled: "unnumbered:eth0:65000"),
        // kube-vip v0.8.10 to v1.2.1
        Good(
            text: "10.0.0.1:65000:pw:true/mpbgp_nexthop=auto_sourceip", isKubeVip: true,
            spelled: "10.0.0.1:65000:pw:true"),
        Good(
            text: "10.0.0.1:65000::false:179/mpbgp_nexthop=auto_sourceif", isKubeVip: true, spelled: "10.0.0.1:65000"),
        // kube-vip v1.2.2 and later
        Good(
            text: "10.0.0.1:65000::false:1790:mpbgp_nexthop=auto_sourceif", isKubeVip: true,
            spelled: "10.0.0.1:65000:::1790"),
        Good(
            text: "10.0.0.1:65000::false:::false;300;300;3", isKubeVip: true,
            spelled: "10.0.0.1:65000:::::false;300;300;3"),
        Good(text: "10.0.0.1:65000:::::true;50;40;5", isKubeVip: false, spelled: "10.0.0.1:65000:::::true;50;40;5"),
        Good(
            text: "10.0.0.1:65000::false::mpbgp_nexthop=auto_sourceip;mpbgp_ipv6=fd00::1", isKubeVip: true,
            spelled: "10.0.0.1:65000"),
        // The next hop of the other family, in every form; an IPv6 address has colons of its own.
        Good(
            text: "10.0.0.1:65000::false::mpbgp_nexthop=fixed;mpbgp_ipv6=fd00::1", isKubeVip: true,
            spelled: "10.0.0.1:65000::::mpbgp_nexthop=fixed;mpbgp_ipv6=fd00::1"),
        Good(
            text: "10.0.0.1:65000:pw:true:1790:mpbgp_ipv6=fd00::1;mpbgp_nexthop=fixed;mpbgp_ipv4=10.0.0.5:true;50;40;5",
            isKubeVip: true,
            spelled:
                "10.0.0.1:65000:pw:true:1790:mpbgp_nexthop=fixed;mpbgp_ipv4=10.0.0.5;mpbgp_ipv6=fd00::1:true;50;40;5"),
        Good(
            text: "10.0.0.1:65000/mpbgp_nexthop=fixed;mpbgp_ipv6=fd00::1", isKubeVip: true,
            spelled: "10.0.0.1:65000::::mpbgp_nexthop=fixed;mpbgp_ipv6=fd00::1"),
        Good(
            text: "[fd00::9]:65000:pw:false:179/mpbgp_nexthop=fixed;mpbgp_ipv4=10.0.0.5", isKubeVip: true,
            spelled: "[fd00::9]:65000:pw:::mpbgp_nexthop=fixed;mpbgp_ipv4=10.0.0.5"),
        // the form in kube-vip's documentation
        Good(
            text: "10.0.0.1:65000::true:mpbgp_nexthop=auto_sourceif:false;;;", isKubeVip: true,
            spelled: "10.0.0.1:65000::true:::false;300;300;3"),
    ]

    @Test(arguments: good) func `takes all forms there are or were`(entry: Good) throws {
        let peer = try PeerText(entry.text, isKubeVip: entry.isKubeVip)
        #expect(peer.spelled() == entry.spelled)
        // The automatic next hops are not spelled out, since they are what we do anyway.
        var said = peer
        if said.multiprotocol.source != .fixed { said.multiprotocol = MultiprotocolText() }
        #expect(try PeerText(peer.spelled(), isKubeVip: false) == said)
    }

    @Test func `masks the password`() throws {
        let peer = try PeerText("10.0.0.1:65000:secret:true", isKubeVip: false)
        #expect(peer.spelled(mask: "***") == "10.0.0.1:65000:***:true")
    }

    @Test func `reads kube-vip's BFD field`() throws {
        let bfd = try #require(try PeerText("10.0.0.1:65000::false:::true;50;40;5", isKubeVip: true).bfd)
        #expect(bfd.isOn)
        #expect(bfd.receiveInterval == .milliseconds(50))
        #expect(bfd.transmitInterval == .milliseconds(40))
        #expect(bfd.multiplier == 5)
        let text = "10.0.0.1:65000::false:mpbgp_nexthop=auto_sourceip:true;;;"
        #expect(try PeerText(text, isKubeVip: true).bfd?.spelled == "true;300;300;3")
        #expect(try PeerText("10.0.0.1:65000::false", isKubeVip: true).bfd == nil)
    }

    @Test(arguments: [
        (
            "10.0.0.300:65000",
            #"column 1: "10.0.0.300" is not an IP address; write 192.0.2.1:AS or [2001:db8::1]:AS; names are not resolved"#
        ),
        (
            "tor1.example.com:65000",
            #"column 1: "tor1.example.com" is not an IP address; write 192.0.2.1:AS or [2001:db8::1]:AS; names are not resolved"#
        ),
        (
            "2001:db8::1:65000",
            "column 1: the address is not an IP address; write 192.0.2.1:AS or [2001:db8::1]:AS; names are not resolved"
        ),
        ("[2001:db8::1:65000", "column 1: the \"[\" is never closed"),
        ("[2001:db8::1]65000", "column 14: a \":\" and the AS must follow \"]\""),
        (
            "[fe80::1]:65000",
            "column 1: the link-local address fe80::1 needs its interface; write [fe80::1%eth0]:AS"
        ),
        ("0.0.0.0:65000", "column 1: 0.0.0.0 cannot be the address of a peer"),
        ("224.0.0.1:65000", "column 1: 224.0.0.1 cannot be the address of a peer"),
        (
            "unnumbered",
            "column 1: an interface name must follow \"unnumbered:\"; write unnumbered:eth0 or unnumbered:eth0:AS"
        ),
        (
            "unnumbered::65000",
            "column 1: an interface name must follow \"unnumbered:\"; write unnumbered:eth0 or unnumbered:eth0:AS"
        ),
        (
            "unnumbered:an/interface:65000",
            "column 1: an interface name must follow \"unnumbered:\"; write unnumbered:eth0 or unnumbered:eth0:AS"
        ),
        (
            "unnumbered:eth0:65000::true",
            "column 24: an unnumbered peer is on the link of its interface and never multihop; leave multihop empty"
        ),
        ("unnumbered:eth0:0", "column 17: AS 0 is reserved and cannot be a peer's"),
        ("gateway", "column 8: the AS is missing; write ADDRESS:AS, for example 192.0.2.1:65000"),
        ("10.0.0.1", "column 9: the AS is missing; write ADDRESS:AS, for example 192.0.2.1:65000"),
        ("10.0.0.1:", "column 10: the AS is missing; write ADDRESS:AS, for example 192.0.2.1:65000"),
        (
            "10.0.0.1:hunter2",
            "column 10: the AS is neither a number nor external or internal; write ADDRESS:AS, IPv6 in brackets, for example 192.0.2.1:65000 or [2001:db8::1]:65000"
        ),
        ("10.0.0.1:0", "column 10: AS 0 is reserved and cannot be a peer's"),
        ("10.0.0.1:23456", "column 10: AS 23456 is reserved and cannot be a peer's"),
        ("10.0.0.1:65535", "column 10: AS 65535 is reserved and cannot be a peer's"),
        (
            "10.0.0.1:65000:pa:ss",
            "column 19: multihop is neither true nor false nor a TTL from 1 to 255; if the password contains \":\" or \",\", put it into a file and give --peer-password-file or BGPVIP_PEER_PASSWORD_FILE"
        ),
        (
            "10.0.0.1:65000::0",
            "column 17: multihop is neither true nor false nor a TTL from 1 to 255; if the password contains \":\" or \",\", put it into a file and give --peer-password-file or BGPVIP_PEER_PASSWORD_FILE"
        ),
        (
            "10.0.0.1:65000::256",
            "column 17: multihop is neither true nor false nor a TTL from 1 to 255; if the password contains \":\" or \",\", put it into a file and give --peer-password-file or BGPVIP_PEER_PASSWORD_FILE"
        ),
        ("10.0.0.1:65000:::0", "column 18: the port is not a number from 1 to 65535"),
        ("10.0.0.1:65000:::bgp", "column 18: the port is not a number from 1 to 65535"),
        ("10.0.0.1:65000:::179:x", "column 22: there is more than ADDRESS:AS:PASSWORD:MULTIHOP:PORT"),
        (
            "10.0.0.1:65000::false::mpbgp_nexthop=best",
            "column 24: mpbgp_nexthop is none of fixed, auto_sourceip and auto_sourceif; leave it out: the next hop is this node's own address on the session's link then"
        ),
        (
            "10.0.0.1:65000/mpbgp_nexthop=fixed;mpbgp_ipv4=fd00::1",
            "column 36: mpbgp_ipv4 is not an IPv4 address"
        ),
        (
            "10.0.0.1:65000:::179:mpbgp_nexthop=fixed;mpbgp_ipv6=10.0.0.2",
            "column 42: mpbgp_ipv6 is not an IPv6 address"
        ),
        (
            "10.0.0.1:65000:::179:mpbgp_nexthop=fixed;mpbgp_med=5",
            "column 42: an option is none of mpbgp_nexthop, mpbgp_ipv4 and mpbgp_ipv6"
        ),
        (
            "10.0.0.1:65000::::mpbgp_nexthop=fixed",
            "column 1: mpbgp_nexthop=fixed needs mpbgp_ipv4 or mpbgp_ipv6; give the address, or leave mpbgp_nexthop out: the next hop is this node's own address then"
        ),
        (
            "10.0.0.1:65000::::mpbgp_nexthop=fixed;mpbgp_ipv6=::1",
            "column 1: ::1 cannot be the next hop of a route; give an address of this node that the peer reaches"
        ),
        (
            "10.0.0.1:65000:::179:x/mpbgp_nexthop=fixed",
            "column 22: there is more than ADDRESS:AS:PASSWORD:MULTIHOP:PORT"
        ),
    ]) func `says what is wrong, where, and what to do`(text: String, message: String) {
        #expect(
            errors(["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.9:65000, \(text)"]])
                == ["flag --peers, entry 2, \(shifted(message, by: 16))"])
    }

    @Test func `reports every bad entry with its position and leaves out empty ones`() {
        #expect(
            errors(["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": [",10.0.0.1:65000,,x:1,10.0.0.2:x"]]) == [
                #"flag --peers, entry 2, column 18: "x" is not an IP address; write 192.0.2.1:AS or [2001:db8::1]:AS; names are not resolved"#,
                "flag --peers, entry 3, column 31: the AS is neither a number nor external or internal; write ADDRESS:AS, IPv6 in brackets, for example 192.0.2.1:65000 or [2001:db8::1]:65000",
            ])
    }

    @Test(arguments: [
        "10.0.0.1:65000:hunter,2", "10.0.0.1:65000:h:unter2", "10.0.0.1:65000:hun,ter:2", "10.0.0.1:hunter2",
        "fd00::1:65000:hunter2", "[10.0.0.1:65000:hunter2", "10.0.0.1:65000:x::hunter2",
        "10.0.0.1:65000:a:true:1:hunter2",
        "10.0.0.1:65000:a,[hunter2", "10.0.0.1:65000:a,[hunter2]:5",
    ]) func `never shows what could be part of a password`(text: String) {
        let all = errors(["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": [text]]).joined(separator: "\n")
        #expect(!all.isEmpty)
        #expect(!all.contains("hun") && !all.contains("ter2") && !all.contains("unter"))
    }

    /// `message` with its column moved to the right.
    private func shifted(_ message: String, by columns: Int) -> String {
        let words = message.split(separator: ":", maxSplits: 1)
        let column = Int(words[0].dropFirst("column ".count)) ?? 0
        return "column \(column + columns):\(words[1])"
    }
}
