import BGPFSM
import BGPWire
import Deadlines
import Fuzzing
import IPTypes

/// The script of one run, read step by step.
struct Script {
    private var octets: Octets
    private var bench: Bench

    init(_ input: some Sequence<UInt8>) {
        octets = Octets(input)
        bench = Bench(SessionConfiguration(fuzzed: octets.argument()))
    }

    /// Does one step; false at the end of the script.
    mutating func step() -> Bool {
        guard let octet = octets.next() else { return false }
        let direction: Direction = octet & 0x20 != 0 ? .outgoing : .incoming
        switch octet & 0x1F {
        case letter("a"): bench.advertise()
        case letter("c"): bench.apply(.tcpConnected(direction, .fuzzed))
        case letter("e"): bench.apply(.deadlineReached)
        case letter("f"): bench.apply(.tcpFailed(direction, TransportFailure(fuzzed: octets.argument())))
        case letter("h"): bench.receive(.open(Open(fuzzed: octets.argument())), direction)
        case letter("k"): bench.receive(.keepalive, direction)
        case letter("m"):
            let type = octets.argument() % 8
            bench.receive(message(type: type, body: octets.arguments()), direction)
        case letter("n"): bench.receive(.notification(notification(data: octets.arguments())), direction)
        case letter("p"): bench.pass(duration(octets.argument()))
        case letter("r"): bench.apply(.reset(CeaseSubcode(fuzzed: octets.argument())))
        case letter("s"): bench.apply(.started)
        case letter("u"): bench.receive(.update(.fuzzed), direction)
        case letter("v"): bench.receive(.routeRefresh(RouteRefresh(family: .ipv4Unicast)), direction)
        case letter("w"): bench.receive(octets.arguments(), direction)
        case letter("x"):
            let subcode = CeaseSubcode(fuzzed: octets.argument())
            bench.apply(.stopped(subcode, communication: String(decoding: octets.arguments(), as: UTF8.self)))
        case letter("y"): bench.apply(.malformed(DecodeError(notification(data: []), "fuzzed"), direction))
        default: bench.reachDeadline()
        }
        return true
    }

    /// From 4 ms to 18 h in steps of an eighth to a sixteenth: `>` is 0.9 s, `P` 4 s, `~` 4 min.
    private func duration(_ octet: UInt8) -> Duration {
        .nanoseconds((8 + Int64(octet & 7)) << Int64(19 + octet / 8 % 24))
    }

    private mutating func notification(data: [UInt8]) -> Notification {
        Notification(code: octets.argument() % 16, subcode: octets.argument() % 16, data: data)
    }

    /// A message whose header fits its body.
    private func message(type: UInt8, body: [UInt8]) -> [UInt8] {
        let length = UInt16(clamping: MessageCodec.headerLength + body.count)
        return Array(repeating: 0xFF, count: 16) + [UInt8(length >> 8), UInt8(length & 0xFF), type] + body
    }
}
