import Health
import IPTypes
import Settings
import SpeakerCore

extension Facts {
    /// Checks, what listens for clients, and certificates.
    var checkFindings: [Finding] {
        settings.vips.flatMap(listenerFindings)
            + settings.checks.flatMap { check in
                let met = checks[check.name] ?? CheckFacts()
                return targetFindings(check) + outcomeFindings(check, met)
                    + (met.certificate.map { certificateFindings($0, of: check) } ?? [])
            }
    }

    private func listenerFindings(_ vip: VIPSettings) -> [Finding] {
        let name = "\(vip.prefix.address)"
        let listeners =
            status?.vips.first { $0.prefix == "\(vip.prefix)" }?.listeners
            ?? ListenerStatus.all(
                of: vip, checks: settings.checks.map { ($0, checks[$0.name]?.outcome == .passed) }, node.listening)
        return listeners.compactMap { listener in
            switch listener.reach {
            case .vip, .all: nil
            case .none:
                Finding(.serviceNotListening, name, "port \(listener.port): \(listener.words(vip: name))")
            case .elsewhere:
                Finding(.serviceElsewhere, name, listener.words(vip: name))
            }
        }
    }

    private func targetFindings(_ check: Check) -> [Finding] {
        guard let target = check.kind.target, !target.address.isLoopback,
            !node.addresses.isEmpty, !node.addresses.contains(where: { $0.address == target.address })
        else { return [] }
        return [
            Finding(
                .checkElsewhere, "check \(check.name)",
                "the check asks \(target.address), which is no address of this node")
        ]
    }

    private func outcomeFindings(_ check: Check, _ met: CheckFacts) -> [Finding] {
        let subject = "check \(check.name)"
        var found = met.fileFaults.map { Finding(.checkFile, subject, $0) }
        switch met.outcome {
        case .anonymousRefused(let reason, _):
            let severity: Finding.Severity = check.acceptsAnonymousRefusal ? .warning : .fault
            found.append(Finding(.checkAnonymous, subject, reason, severity: severity))
        case .failed(let reason, _) where met.fileFaults.isEmpty:
            found.append(failureFinding(subject, reason))
        case .failed, .passed: break
        case nil:
            // Not probed beside the daemon: what that has seen counts.
            if let known = status?.checks.first(where: { $0.name == check.name }), known.verdict != "healthy",
                let failure = known.lastFailure
            {
                found.append(failureFinding(subject, failure))
            }
        }
        return found
    }

    private func failureFinding(_ subject: String, _ reason: String) -> Finding {
        Finding(reason.contains("[-]etcd failed") ? .checkEtcd : .checkFails, subject, reason)
    }

    /// So many seconds before its end a certificate is worth a warning: kubeadm's live for a year, others for 90 days.
    private static let renewal: Int64 = 14 * 86_400

    private func certificateFindings(_ certificate: ServerCertificate, of check: Check) -> [Finding] {
        let subject = "check \(check.name)"
        var found: [Finding] = []
        if certificate.notAfter <= node.clock {
            found.append(
                Finding(
                    .certificateExpired, subject,
                    "the service's certificate expired \(timeSpan(node.clock - certificate.notAfter)) ago"))
        } else if certificate.notAfter - node.clock < Self.renewal {
            found.append(
                Finding(
                    .certificateExpires, subject,
                    "the service's certificate expires in \(timeSpan(certificate.notAfter - node.clock))"))
        }
        if certificate.notBefore > node.clock {
            found.append(
                Finding(
                    .certificateFuture, subject,
                    "the service's certificate is valid only in \(timeSpan(certificate.notBefore - node.clock))"))
        }
        return found + nameFindings(certificate, of: check)
    }

    /// Clients reach the service by a VIP, or by a name that only they know.
    private func nameFindings(_ certificate: ServerCertificate, of check: Check) -> [Finding] {
        let vips = settings.vips.filter { $0.checks.contains(check.name) }.map(\.prefix.address)
        let all = (certificate.names + certificate.addresses.map { "\($0)" }).joined(separator: ", ")
        let list = all.isEmpty ? "names nothing" : "is for \(all)"
        if case .http(let http) = check.kind, IPAddress(http.host) == nil, !http.host.contains(":") {
            guard !certificate.covers(name: http.host) else { return [] }
            return [
                Finding(.certificateName, "check \(check.name)", "the certificate \(list), and not for \(http.host)")
            ]
        }
        // A name of the cluster's own is not one that clients outside know.
        let isNamed = certificate.names.contains { name in
            name != "localhost" && !name.hasPrefix("kubernetes") && name.contains(".")
        }
        guard !isNamed, let missing = vips.first(where: { !certificate.addresses.contains($0) }) else { return [] }
        return [
            Finding(.certificateName, "check \(check.name)", "the certificate \(list), and not for the VIP \(missing)")
        ]
    }
}

/// A time span in whole days, below two of them in hours, below two of those in minutes.
func timeSpan(_ seconds: Int64) -> String {
    switch seconds {
    case ..<7200: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3600) h"
    default: "\(seconds / 86_400) days"
    }
}
