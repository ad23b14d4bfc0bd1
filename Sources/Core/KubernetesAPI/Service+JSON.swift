import IPTypes
import JSON
import Services

extension Service {
    /// What of a Service is read.
    static let selection = JSONSelection.members([
        "metadata": .members([
            "name": .all, "namespace": .all, "uid": .all, "resourceVersion": .all, "creationTimestamp": .all,
            "annotations": .members(Dictionary(uniqueKeysWithValues: relevantAnnotations.map { ($0, .all) })),
        ]),
        "spec": .members([
            "type": .all, "loadBalancerClass": .all, "loadBalancerIP": .all, "ipFamilies": .all,
            "ipFamilyPolicy": .all, "clusterIPs": .all, "externalTrafficPolicy": .all, "healthCheckNodePort": .all,
            "ports": .each(.members(["port": .all, "protocol": .all])), "selector": .all,
        ]),
        "status": .members([
            "loadBalancer": .members(["ingress": .each(.members(["ip": .all, "ipMode": .all]))])
        ]),
    ])

    /// What is absent or of another kind than it should be counts as the API's default: one odd Service must not hide the
    /// others. Nil without a name.
    init?(_ json: JSONValue) {
        guard let name = ObjectName(json["metadata"]) else { return nil }
        let metadata = json["metadata"]
        let spec = json["spec"]
        self.init(
            name: name,
            uid: metadata?["uid"]?.text ?? "",
            resourceVersion: metadata?["resourceVersion"]?.text ?? "",
            createdAt: metadata?["creationTimestamp"]?.text.flatMap(secondsSince1970) ?? 0,
            annotations: (metadata?["annotations"]?.members ?? [:]).compactMapValues(\.text),
            isLoadBalancer: spec?["type"]?.text == "LoadBalancer",
            loadBalancerClass: spec?["loadBalancerClass"]?.text,
            loadBalancerIP: spec?["loadBalancerIP"]?.text,
            families: (spec?["ipFamilies"]?.elements ?? []).compactMap { $0.text.flatMap(Family.init(rawValue:)) },
            familyPolicy: spec?["ipFamilyPolicy"]?.text.flatMap(FamilyPolicy.init(rawValue:)) ?? .single,
            clusterIPs: (spec?["clusterIPs"]?.elements ?? []).compactMap { $0.text.flatMap { IPAddress($0) } },
            trafficPolicy: spec?["externalTrafficPolicy"]?.text.flatMap(TrafficPolicy.init(rawValue:)) ?? .cluster,
            healthCheckNodePort: spec?["healthCheckNodePort"]?.integer.flatMap { UInt16(exactly: $0) },
            ports: (spec?["ports"]?.elements ?? []).compactMap { Port($0) },
            selector: (spec?["selector"]?.members ?? [:]).compactMapValues(\.text),
            ingress: (json["status"]?["loadBalancer"]?["ingress"]?.elements ?? []).compactMap { element in
                element["ip"]?.text.flatMap { IPAddress($0) }.map { Ingress($0, mode: element["ipMode"]?.text) }
            })
    }
}

extension Service.Port {
    /// Nil without a number.
    init?(_ json: JSONValue) {
        guard let number = json["port"]?.integer.flatMap({ UInt16(exactly: $0) }) else { return nil }
        self.init(number, json["protocol"]?.text ?? "TCP")
    }
}

extension ObjectName {
    /// The name in `metadata`; nil if there is none that the API would accept. What is no name must reach neither a
    /// request nor a terminal.
    init?(_ metadata: JSONValue?) {
        guard let name = metadata?["name"]?.text, Self.isName(name) else { return nil }
        let namespace = metadata?["namespace"]?.text ?? ""
        guard namespace.isEmpty || Self.isName(namespace) else { return nil }
        self.init(namespace, name)
    }

    /// True for 1 to 253 lower-case letters, digits, hyphens and dots, as in a DNS subdomain (RFC 1123 section 2.1).
    private static func isName(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.utf8.allSatisfy { octet in
                switch octet {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                    UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}

/// The seconds since 1970 of a moment in the form `2026-11-29T12:00:00Z` (RFC 3339, always UTC in Kubernetes); nil for any
/// other text.
func secondsSince1970(_ text: String) -> Int64? {
    let parts = text.split(omittingEmptySubsequences: false) { "-T:Z".contains($0) }
    let numbers = parts.dropLast().compactMap { part in part.allSatisfy(\.isASCII) ? Int64(part) : nil }
    guard parts.count == 7, parts[6].isEmpty, numbers.count == 6, numbers.allSatisfy({ (0...9999).contains($0) })
    else { return nil }
    // Years begin in March here, so that a leap day is the last day of its year.
    let year = numbers[1] > 2 ? numbers[0] : numbers[0] - 1
    let month = (numbers[1] + 9) % 12
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + numbers[2] - 1 - 719_468
    return ((days * 24 + numbers[3]) * 60 + numbers[4]) * 60 + numbers[5]
}
