package import Deadlines
import IPTypes
package import JSON
package import Services

/// Something that is written to the API, from its request to what came of it.
package struct APIWrite: Sendable, Hashable {
    /// Who writes: the manager of the fields of a status, and the controller of an Event.
    static let manager = "bgpvip"

    private enum Task: Sendable, Hashable {
        case claim(IPAddress, Claim.Holder)
        /// The Lease exists, and it is asked for whom.
        case look(IPAddress)
        case release(Claim)
        case status(Service.Ingresses)
        case post(ServiceNotice)
    }

    private var task: Task
    /// Where our Leases are.
    private let namespace: String
    private let nodeName: String

    /// What a step writes; nil for steps that write nothing.
    package init?(_ step: Services.Step, nodeName: String, namespace: String) {
        switch step {
        case .claim(let address, let holder): task = .claim(address, holder)
        case .release(let claim): task = .release(claim)
        case .writeStatus(let ingresses): task = .status(ingresses)
        case .post(let notice): task = .post(notice)
        default: return nil
        }
        self.nodeName = nodeName
        self.namespace = namespace
    }

    /// What comes of an answer.
    package enum Next: Sendable, Hashable {
        /// That is all; the event, if there is one, says what came of it.
        case done(Services.Event?)
        /// This has to be asked as well.
        case ask
    }

    /// The request that is due; `wall` is the present time.
    package func request(at wall: WallTime) -> APIRequest {
        switch task {
        case .claim(let address, let holder):
            return APIRequest(
                .post, leases,
                body: [
                    "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                    "metadata": [
                        "name": .string(Claim.leaseName(of: address)),
                        "labels": [Claim.label.name: .string(Claim.label.value)],
                    ],
                    "spec": ["holderIdentity": .string("\(holder)")],
                ], selection: Self.answer(Claim.selection))
        case .look(let address):
            return APIRequest(
                .get, "\(leases)/\(Claim.leaseName(of: address))", selection: Self.answer(Claim.selection))
        case .release(let claim):
            var preconditions: [String: JSONValue] = ["uid": .string(claim.uid)]
            if !claim.resourceVersion.isEmpty { preconditions["resourceVersion"] = .string(claim.resourceVersion) }
            return APIRequest(
                .delete, "\(leases)/\(Claim.leaseName(of: claim.address))",
                body: ["apiVersion": "v1", "kind": "DeleteOptions", "preconditions": .object(preconditions)],
                selection: APIStatus.selection)
        case .status(let ingresses):
            return status(ingresses)
        case .post(let notice):
            return event(notice, at: wall)
        }
    }

    /// What follows from the answer: its code, and what was kept of its body.
    package mutating func answered(code: Int, _ json: JSONValue?) -> Next {
        let isSuccess = (200..<300).contains(code)
        switch (task, code) {
        case (.claim(let address, _), 409):
            task = .look(address)
            return .ask
        case (.claim(let address, _), _) where isSuccess:
            if let claim = json.flatMap({ Claim($0) }) { return .done(.claimCreated(claim)) }
            return .done(.claimFailed(address, reason: "the answer is no Lease"))
        case (.look(let address), 404):
            return .done(.claimRefused(address, by: nil))
        case (.look(let address), _) where isSuccess:
            return .done(.claimRefused(address, by: json.flatMap { Claim($0) }))
        case (.release(let claim), _) where isSuccess || code == 404:
            return .done(.deleted(.claim(claim.address)))
        case (.status(let ingresses), _) where isSuccess:
            return .done(.statusWritten(ingresses.service))
        case (.post, 409),
            (.post, _) where isSuccess:
            return .done(nil)
        default:
            return .done(failed(APIFailure(APIStatus(code: code, retryAfter: nil, json))))
        }
    }

    /// What it means that there is no answer.
    package func failed(_ failure: APIFailure) -> Services.Event? {
        switch task {
        case .claim(let address, _), .look(let address): .claimFailed(address, reason: "\(failure)")
        case .release(let claim): .releaseFailed(claim.address, reason: "\(failure)")
        case .status(let ingresses): .statusFailed(ingresses.service, reason: "\(failure)")
        case .post: nil
        }
    }

    private var leases: String { "/apis/coordination.k8s.io/v1/namespaces/\(percentEncoded(namespace))/leases" }

    private static func answer(_ selection: JSONSelection) -> JSONSelection {
        guard case .members(let members) = selection else { return selection }
        return APIStatus.selection.adding(members)
    }

    /// Server-side apply: nothing but the addresses becomes ours, and what we no longer name is taken away.
    private func status(_ ingresses: Service.Ingresses) -> APIRequest {
        let service = ingresses.service
        var metadata: [String: JSONValue] = [
            "name": .string(service.name), "namespace": .string(service.namespace), "uid": .string(ingresses.uid),
        ]
        if !ingresses.resourceVersion.isEmpty { metadata["resourceVersion"] = .string(ingresses.resourceVersion) }
        let entries = ingresses.ingress.map { ingress -> JSONValue in
            var entry: [String: JSONValue] = ["ip": .string("\(ingress.address)")]
            entry["ipMode"] = ingress.mode.map { .string($0) }
            return .object(entry)
        }
        return APIRequest(
            .patch,
            "/api/v1/namespaces/\(percentEncoded(service.namespace))/services/\(percentEncoded(service.name))/status",
            [("fieldManager", Self.manager), ("force", "true")],
            body: [
                "apiVersion": "v1", "kind": "Service", "metadata": .object(metadata),
                "status": ["loadBalancer": ["ingress": .array(entries)]],
            ], contentType: "application/apply-patch+yaml", selection: APIStatus.selection)
    }

    private func event(_ notice: ServiceNotice, at wall: WallTime) -> APIRequest {
        let service = notice.service
        // The API wants six digits of a second.
        let time = "\(wall)".dropLast() + "000Z"
        return APIRequest(
            .post, "/apis/events.k8s.io/v1/namespaces/\(percentEncoded(service.namespace))/events",
            body: [
                "apiVersion": "events.k8s.io/v1", "kind": "Event",
                "metadata": ["name": .string(notice.name), "namespace": .string(service.namespace)],
                "eventTime": .string(String(time)), "reportingController": .string(Self.manager),
                "reportingInstance": .string(nodeName), "action": .string(notice.reason),
                "reason": .string(notice.reason), "type": notice.isWarning ? "Warning" : "Normal",
                "regarding": [
                    "apiVersion": "v1", "kind": "Service", "name": .string(service.name),
                    "namespace": .string(service.namespace), "uid": .string(notice.uid),
                ],
                "note": .string(String(notice.message.prefix(1000))),
            ], selection: APIStatus.selection)
    }
}
