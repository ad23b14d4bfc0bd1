import BFD

/// The script of one run, read step by step.
struct Script {
    private var rest: ArraySlice<UInt8>
    private var bench: Bench

    init(_ input: some Sequence<UInt8>) {
        rest = Array(input)[...]
        bench = Bench(BFDConfiguration(fuzzed: rest.popFirst() ?? 0))
    }

    /// Does one step; false at the end of the script.
    mutating func step() -> Bool {
        guard let octet = rest.popFirst() else { return false }
        switch octet & 0x1F {
        case letter("a"): bench.apply(.awake)
        case letter("c"): bench.apply(.configured(BFDConfiguration(fuzzed: argument())))
        case letter("e"): bench.apply(.deadlineReached)
        case letter("f"): bench.apply(.forcedDown)
        case letter("l"): bench.apply(.stalled)
        case letter("p"): bench.pass(duration(argument()))
        case letter("s"): bench.apply(.started)
        case letter("w"): bench.receive(arguments())
        case letter("x"): bench.apply(.stopped)
        case letter("d"), letter("i"), letter("k"), letter("n"), letter("u"):
            bench.receive(BFDPacket(BFDState(letter: octet), timers: argument(), flags: argument()).bytes)
        default: bench.reachDeadline()
        }
        return true
    }

    private func letter(_ letter: Unicode.Scalar) -> UInt8 { UInt8(ascii: letter) & 0x1F }

    private mutating func argument() -> UInt8 { rest.popFirst() ?? 0 }

    /// Octets with their number in front, counted from `@`: `Chow` is "how".
    private mutating func arguments() -> [UInt8] {
        let count = argument() &- UInt8(ascii: "@")
        let taken = rest.prefix(Int(count))
        rest = rest.dropFirst(taken.count)
        return Array(taken)
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
            case UInt8(ascii: "D") & 0x1F: .down
            case UInt8(ascii: "U") & 0x1F: .up
            case UInt8(ascii: "K") & 0x1F: .adminDown
            default: .initializing
            }
    }
}
