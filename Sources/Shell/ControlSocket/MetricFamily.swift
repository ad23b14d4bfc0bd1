/// The series of one metric name.
struct MetricFamily {
    typealias Label = (name: String, value: String)

    /// What the numbers are.
    enum Kind: String {
        case counter, gauge
    }

    private let name: String
    private let kind: Kind
    private let help: String
    private let samples: [(labels: [Label], value: Int)]

    init(_ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: [Label], value: Int)]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    /// The family in the exposition format, each line with its newline.
    var text: String {
        samples.reduce(into: "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n") { text, sample in
            let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
            text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(sample.value)\n"
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
