import IPTypes

/// What is set about BFD, for all peers or in the entry being read.
struct BFDOptions {
    var isOn: Bool
    /// The interval that stands in place of `true`.
    var interval: Duration?
    var receiveInterval: Duration?
    var multiplier: UInt8?
    var isStrict: Bool

    /// What says something about BFD and does not turn it on.
    fileprivate var details: [Setting] {
        [.bfdReceiveInterval, .bfdMultiplier] + (isStrict ? [.bfdStrict] : [])
    }
}

/// The last field of kube-vip's peer: `ENABLE;RECEIVE;TRANSMIT;MULTIPLIER`, in milliseconds.
struct BFDText: Hashable {
    var isOn: Bool
    var receiveInterval: Duration
    var transmitInterval: Duration
    var multiplier: UInt8

    /// Parses the field; what is empty in it has kube-vip's default.
    init(_ field: ListEntry) throws(Complaint) {
        let parts = field.text.split(separator: ";", omittingEmptySubsequences: false).map { String($0).trimmed }
        guard parts.count == 4 else {
            throw Complaint(
                "BFD is not four values", "write ENABLE;RECEIVE;TRANSMIT;MULTIPLIER, for example true;300;300;3",
                offset: field.offset)
        }
        func number<Number: FixedWidthInteger>(
            _ index: Int, _ name: String, default number: Number, in range: ClosedRange<Number>
        ) throws(Complaint) -> Number {
            if parts[index].isEmpty { return number }
            guard let number = Number(decimalDigits: parts[index]), range.contains(number) else {
                throw Complaint(
                    "BFD's \(name) is not a whole number from \(range.lowerBound) to \(range.upperBound)",
                    "write ENABLE;RECEIVE;TRANSMIT;MULTIPLIER in milliseconds, for example true;300;300;3",
                    offset: field.offset)
            }
            return number
        }
        guard let isOn = try? ValueText.boolean(parts[0]) else {
            throw Complaint("BFD is neither true nor false", "write for example true;300;300;3", offset: field.offset)
        }
        self.isOn = isOn
        let limits =
            BFDSettings.intervals.lowerBound.wholeMilliseconds...BFDSettings.intervals.upperBound.wholeMilliseconds
        receiveInterval = .milliseconds(try number(1, "receive interval", default: 300, in: limits))
        transmitInterval = .milliseconds(try number(2, "transmit interval", default: 300, in: limits))
        multiplier = try number(3, "multiplier", default: 3, in: 1...255)
    }

    /// The field as kube-vip reads it.
    var spelled: String {
        "\(isOn);\(receiveInterval.wholeMilliseconds);\(transmitInterval.wholeMilliseconds);\(multiplier)"
    }
}

extension Setting {
    /// What stands under `bfd` in a file, if it is a mapping. `bfd` itself is the interval then.
    static let bfdParts: [String: Setting] = [
        "transmitInterval": .bfd, "receiveInterval": .bfdReceiveInterval, "multiplier": .bfdMultiplier,
        "strict": .bfdStrict,
    ]
}

extension Reading {
    /// What is set about BFD in general, or for the entry being read.
    mutating func bfdOptions() -> BFDOptions {
        let bfd = value(.bfd, Self.bfd)
        let options = BFDOptions(
            isOn: bfd != nil && bfd != .off, interval: bfd?.interval,
            receiveInterval: value(.bfdReceiveInterval, Self.interval),
            multiplier: value(.bfdMultiplier) { text throws(Complaint) in try ValueText.number(text, in: 1...255) },
            isStrict: value(.bfdStrict, ValueText.boolean) ?? false)
        if bfd == .off, let key = options.details.first(where: own.contains) {
            fail(key, "has no effect, since BFD is off for this peer", "add bfd: true")
        }
        return options
    }

    /// One peer's BFD: what its text says stands before its entry's options, and these before the `general` ones.
    func bfd(_ text: BFDText?, _ options: BFDOptions, general: BFDOptions) -> BFDSettings? {
        guard text?.isOn ?? options.isOn else { return nil }
        let interval = options.interval ?? general.interval ?? BFDSettings.defaultInterval
        return BFDSettings(
            transmitInterval: text?.transmitInterval ?? interval,
            receiveInterval: text?.receiveInterval ?? options.receiveInterval ?? interval,
            multiplier: text?.multiplier ?? options.multiplier ?? 3, isStrict: options.isStrict)
    }

    /// Refuses what is set about BFD in general if no peer uses BFD.
    mutating func refuse(uselessBFD options: BFDOptions, for peers: [PeerSettings]) {
        guard !peers.isEmpty, peers.allSatisfy({ $0.bfd == nil }) else { return }
        for key in options.details where has(key) {
            fail(key, "has no effect, since no peer has BFD", "add \(example(.bfd, "true"))")
        }
    }

    private enum Wish: Equatable {
        case off, on
        case every(Duration)

        var interval: Duration? {
            if case .every(let interval) = self { interval } else { nil }
        }
    }

    private static func bfd(_ text: String) throws(Complaint) -> Wish {
        if let isOn = try? ValueText.boolean(text) { return isOn ? .on : .off }
        do throws(Complaint) {
            return .every(try interval(text))
        } catch {
            guard error.remedy == nil || !text.allSatisfy({ $0.isLetter }) else {
                throw Complaint(
                    "\(ValueText.quoted(text)) is neither true nor false nor a time", "write for example 50ms")
            }
            throw error
        }
    }

    /// Seconds are not what anybody means here, so the unit is not optional as in other times.
    private static func interval(_ text: String) throws(Complaint) -> Duration {
        let hasUnit = text.utf8.last.map { !(48...57).contains($0) } ?? false
        guard !hasUnit, (try? ValueText.duration(text, in: .zero ... .seconds(1_000_000_000))) != nil else {
            return try ValueText.duration(text, in: BFDSettings.intervals)
        }
        let valid = ["ms", "s"].map { text + $0 }.filter {
            (try? ValueText.duration($0, in: BFDSettings.intervals)) != nil
        }
        throw Complaint(
            "\(ValueText.quoted(text)) has no unit",
            "write \(valid.isEmpty ? "for example 50ms" : valid.joined(separator: " or "))")
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
