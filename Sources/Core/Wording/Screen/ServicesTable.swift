package import Services

/// `bgpvip services`: one row for each address of a Service, below what is wrong with the Kubernetes API.
package func servicesTable(_ status: ServicesStatus, _ style: TextStyle = .plain) -> String {
    let failures = status.feeds.compactMap { feed -> String? in
        guard let failure = feed.failure else { return nil }
        let age = feed.heardSecondsAgo.map { ", last heard \(spanText($0)) ago" } ?? ""
        return printable("\(feed.kind) cannot be watched\(age): \(failure)") + "\n"
    }
    guard !status.services.isEmpty else {
        return failures.joined()
            + (status.isComplete
                ? "no Services of ours\n" : "the Kubernetes API has not said yet which Services there are\n")
    }
    var table = TextTable(
        ["SERVICE", "POLICY", "ADDRESS", "ADVERTISED", "READY", "HERE"], sentence: "REASON", style)
    for service in status.services {
        for address in service.addresses {
            table.append(
                [
                    "\(service.namespace)/\(service.name)", service.policy, address.address ?? "-",
                    address.isAdvertised ? "yes" : "no", "\(service.readyEndpoints)", "\(service.localEndpoints)",
                ],
                [3: address.isAdvertised ? nil : .bad],
                sentence: address.reason + (service.complaint.map { "; \($0)" } ?? ""))
        }
    }
    return failures.joined() + table.text
}
