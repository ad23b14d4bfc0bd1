import SpeakerCore

/// The series of one metric name.
struct MetricFamily {
    typealias Label = (name: String, value: String)

    /// What the numbers are.
    enum Kind: String {
        case counter, gauge, histogram
    }

    private let name: String
    private let kind: Kind
    private let help: String
    /// `suffix` is what a histogram has behind its name.
    private let samples: [(suffix: String, labels: [Label], value: String)]

    init(_ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: [Label], value: Int)]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples.map { ("", $0.labels, "\($0.value)") }
    }

    /// Numbers with a fraction.
    init(_ name: String, _ kind: Kind, _ help: String, fractions: [(labels: [Label], value: Double)]) {
        self.name = name
        self.kind = kind
        self.help = help
        samples = fractions.map { ("", $0.labels, "\($0.value)") }
    }

    /// Histograms; the buckets of the exposition format are cumulative.
    init(_ name: String, _ help: String, histograms: [(labels: [Label], value: HistogramStatus)]) {
        self.name = name
        kind = .histogram
        self.help = help
        samples = histograms.flatMap { labels, histogram in
            var count = 0
            let bounds = histogram.bounds.map { "\($0)" } + ["+Inf"]
            let buckets = zip(bounds, histogram.counts).map { bound, more in
                count += more
                return ("_bucket", labels + [("le", bound)], "\(count)")
            }
            return buckets + [("_sum", labels, "\(histogram.sum)"), ("_count", labels, "\(count)")]
        }
    }

    /// True if it is about the node, and not about its peers, checks and VIPs.
    var isOfNode: Bool {
        samples.first.map { !$0.labels.contains { ["peer", "check", "vip"].contains($0.name) } } ?? true
    }

    /// The family in the exposition format, each line with its newline.
    var text: String { "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n" + lines }

    /// The samples alone, to be added to others of the same family.
    var lines: String {
        samples.reduce(into: "") { text, sample in
            let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
            text += "\(name)\(sample.suffix)\(labels.isEmpty ? "" : "{\(labels)}") \(sample.value)\n"
        }
    }

    private func escaped(_ value: String) -> String {
        value.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
