import BGPWire
import IPTypes
import Testing

@testable import Settings

@Suite struct `BFD settings` {
    private static let least = ["local-as": ["65001"], "vip": ["10.9.9.9"], "peers": ["10.0.0.1:65000"]]

    private static func bfd(_ flags: [String: String]) throws -> [BFDSettings?] {
        try load(least.merging(flags.mapValues { [$0] }) { $1 }).settings.peers.map(\.bfd)
    }

    private static func bfd(_ receive: Int, _ transmit: Int, _ multiplier: UInt8, strict: Bool = false) -> BFDSettings {
        BFDSettings(
            transmitInterval: .milliseconds(transmit), receiveInterval: .milliseconds(receive),
            multiplier: multiplier, isStrict: strict)
    }

    @Test func `are off until asked for`() throws {
        #expect(try Self.bfd([:]) == [nil])
        #expect(try Self.bfd(["bfd": "false"]) == [nil])
    }

    @Test func `take true or an interval`() throws {
        #expect(try Self.bfd(["bfd": "true"]) == [Self.bfd(300, 300, 3)])
        #expect(try Self.bfd(["bfd": "50ms"]) == [Self.bfd(50, 50, 3)])
        #expect(
            try Self.bfd(
                ["bfd": "1.5s", "bfd-receive-interval": "20ms", "bfd-multiplier": "5", "bfd-strict": "true"])
                == [Self.bfd(20, 1500, 5, strict: true)])
    }

    @Test func `come from the environment too`() throws {
        let environment = ["BGPVIP_BFD": "50ms", "BGPVIP_BFD_MULTIPLIER": "4", "BGPVIP_BFD_STRICT": "true"]
        #expect(
            try load(Self.least, environment: environment).settings.peers.map(\.bfd)
                == [Self.bfd(50, 50, 4, strict: true)])
    }

    @Test(arguments: [
        ("bfd", "50", #"flag --bfd: "50" has no unit; write 50ms or 50s"#),
        ("bfd", "300", #"flag --bfd: "300" has no unit; write 300ms"#),
        ("bfd", "5", #"flag --bfd: "5" has no unit; write 5s"#),
        ("bfd", "60001", #"flag --bfd: "60001" has no unit; write for example 50ms"#),
        ("bfd", "-1", #"flag --bfd: "-1" is not a time; write for example 500ms, 1.5s or 30s"#),
        ("bfd-receive-interval", "1.5", #"flag --bfd-receive-interval: "1.5" has no unit; write 1.5s"#),
        ("bfd", "quick", #"flag --bfd: "quick" is neither true nor false nor a time; write for example 50ms"#),
        ("bfd", "9ms", "flag --bfd: 9ms is not from 10ms to 60s"),
        ("bfd", "61s", "flag --bfd: 61s is not from 10ms to 60s"),
        (
            "bfd-receive-interval", "x",
            #"flag --bfd-receive-interval: "x" is not a time; write for example 500ms, 1.5s or 30s"#
        ),
        ("bfd-multiplier", "0", #"flag --bfd-multiplier: "0" is not a whole number from 1 to 255"#),
        ("bfd-strict", "maybe", #"flag --bfd-strict: "maybe" is neither true nor false"#),
    ]) func `say what is wrong with a value`(flag: String, text: String, message: String) {
        let others = flag == "bfd" ? [:] : ["bfd": ["true"]]
        #expect(errors(Self.least.merging(others) { $1 }.merging([flag: [text]]) { $1 }) == [message])
    }

    @Test func `are refused where they help nobody`() {
        #expect(
            errors(Self.least.merging(["bfd-multiplier": ["5"], "bfd-strict": ["true"]]) { $1 }) == [
                "flag --bfd-multiplier: has no effect, since no peer has BFD; add --bfd true",
                "flag --bfd-strict: has no effect, since no peer has BFD; add --bfd true",
            ])
    }

    // MARK: kube-vip

    @Test func `honour kube-vip's field, in the milliseconds of its documentation`() throws {
        let peers = "10.0.0.1:65000::false:::true;200;100;4,10.0.0.2:65000::false:::false;;;,10.0.0.3:65000"
        let flags = Self.least.merging(["peers": [peers], "bfd": ["50ms"]]) { $1 }
        #expect(try load(flags).settings.peers.map(\.bfd) == [Self.bfd(200, 100, 4), nil, Self.bfd(50, 50, 3)])
    }

    @Test(arguments: [
        (
            "true;300;300",
            "BFD is not four values; write ENABLE;RECEIVE;TRANSMIT;MULTIPLIER, for example true;300;300;3"
        ),
        ("maybe;300;300;3", "BFD is neither true nor false; write for example true;300;300;3"),
        (
            "true;300000;300;3",
            "BFD's receive interval is not a whole number from 10 to 60000; write ENABLE;RECEIVE;TRANSMIT;MULTIPLIER in milliseconds, for example true;300;300;3"
        ),
        (
            "true;300;5;3",
            "BFD's transmit interval is not a whole number from 10 to 60000; write ENABLE;RECEIVE;TRANSMIT;MULTIPLIER in milliseconds, for example true;300;300;3"
        ),
        (
            "true;300;300;256",
            "BFD's multiplier is not a whole number from 1 to 255; write ENABLE;RECEIVE;TRANSMIT;MULTIPLIER in milliseconds, for example true;300;300;3"
        ),
    ]) func `say what is wrong with kube-vip's field`(text: String, problem: String) {
        let flags = Self.least.merging(["peers": ["10.0.0.1:65000::false:::" + text]]) { $1 }
        #expect(errors(flags) == ["flag --peers, entry 1, column 25: " + problem])
    }

    // MARK: In a file

    private static func peers(_ peers: FileText, _ more: KeyValuePairs<String, FileText> = [:]) -> FileNode {
        FileText.mapping(
            [("peers", peers), ("localAS", "65001"), ("vips", ["10.9.9.9"])] + more.map { ($0, $1) }
        ).tree
    }

    @Test func `of a peer in a file stand before the general ones`() throws {
        let file = Self.peers(
            [
                "10.0.0.1:65000",
                ["address": "10.0.0.2", "as": "65000", "bfd": "false"],
                ["address": "10.0.0.3", "as": "65000", "bfd": "true"],
                ["address": "10.0.0.4", "as": "65000", "bfd": "20ms"],
                ["address": "10.0.0.5", "as": "65000", "bfd": ["multiplier": "7", "strict": "true"]],
                [
                    "address": "10.0.0.6", "as": "65000",
                    "bfd": ["transmitInterval": "100ms", "receiveInterval": "200ms"],
                ],
                ["address": "10.0.0.7", "as": "65000", "bfdMultiplier": "9"],
            ],
            ["bfd": ["transmitInterval": "50ms", "multiplier": "4"]])
        #expect(
            try load(tree: file).settings.peers.map(\.bfd) == [
                Self.bfd(50, 50, 4), nil, Self.bfd(50, 50, 4), Self.bfd(20, 20, 4), Self.bfd(50, 50, 7, strict: true),
                Self.bfd(200, 100, 4), Self.bfd(50, 50, 9),
            ])
    }

    @Test func `can be on for one peer of a file alone`() throws {
        let file = Self.peers([["address": "10.0.0.1", "as": "65000", "bfd": ["strict": "true"]], "10.0.0.2:65000"])
        #expect(try load(tree: file).settings.peers.map(\.bfd) == [Self.bfd(300, 300, 3, strict: true), nil])
    }

    @Test(
        arguments: [
            (
                ["address": "10.0.0.1", "as": "65000", "bfd": ["interval": "50ms"]],
                #"b.yaml:5:7: "interval" is not a key here; known are multiplier, receiveInterval, strict, transmitInterval"#
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "bfd": ["multiplier": "0"]],
                #"b.yaml:5:19: "0" is not a whole number from 1 to 255"#
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "bfd": ["50ms"]],
                "b.yaml:4:5: bfd has one value, and this is a list; give one value"
            ),
            (
                ["address": "10.0.0.1", "as": "65000", "bfdStrict": "true"],
                "b.yaml:4:16: has no effect, since BFD is off for this peer; add bfd: true"
            ),
        ] as [(FileText, String)]) func `say what is wrong in a file and where`(peer: FileText, message: String)
    {
        #expect(errors(tree: Self.peers([peer])) == [message])
    }

    // MARK: Distance

    @Test func `are for port 4784 where routers may lie between`() {
        func isMultihop(_ distance: PeerSettings.Distance) -> Bool {
            PeerSettings(
                address: ScopedAddress(.v4(IPv4Address(1))), peerAS: .external, distance: distance
            ).isBFDMultihop
        }
        #expect(!isMultihop(.direct))
        #expect(!isMultihop(.ttlSecurity(hops: 1)))
        #expect(isMultihop(.ttlSecurity(hops: 2)))
        #expect(isMultihop(.multihop(2)))
    }
}
