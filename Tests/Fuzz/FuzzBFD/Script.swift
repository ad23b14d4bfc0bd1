import BFD
import Fuzzing

/// The script of one run, read step by step.
struct Script {
    private var octets: Octets
    private var bench: Bench

    init(_ input: some Sequence<UInt8>) {
        octets = Octets(input)
        bench = Bench(BFDConfiguration(fuzzed: octets.argument()))
    }

    /// Does one step; false at the end of the script.
    mutating func step() -> Bool {
        guard let octet = octets.next() else { return false }
        switch octet & 0x1F {
        case letter("a"): bench.apply(.awake)
        case letter("c"): bench.apply(.configured(BFDConfiguration(fuzzed: octets.argument())))
        case letter("e"): bench.apply(.deadlineReached)
        case letter("f"): bench.apply(.forcedDown)
        case letter("l"): bench.apply(.stalled)
        case letter("p"): bench.pass(duration(octets.argument()))
        case letter("s"): bench.apply(.started)
        case letter("w"): bench.receive(octets.arguments())
        case letter("x"): bench.apply(.stopped)
        case letter("d"), letter("i"), letter("k"), letter("n"), letter("u"):
            bench.receive(BFDPacket(BFDState(letter: octet), timers: octets.argument(), flags: octets.argument()).bytes)
        default: bench.reachDeadline()
        }
        return true
    }

    /// From 4 µs to 70 h in steps of an eighth to a sixteenth: `F` is 29 ms, `P` 1 s.
    private func duration(_ octet: UInt8) -> Duration {
        .nanoseconds((8 + Int64(octet & 7)) << Int64(9 + octet / 4 % 36))
    }
}

extension BFDState {
    /// D for Down, I or N for Init, U for Up, K for AdminDown.
    fileprivate init(letter octet: UInt8) {
        self =
            switch octet & 0x1F {
            case letter("D"): .down
            case letter("U"): .up
            case letter("K"): .adminDown
            default: .initializing
            }
    }
}
