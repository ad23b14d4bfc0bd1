package import SpeakerCore

/// What the daemon answers: an HTTP status, a media type and the body.
package struct ControlResponse: Sendable, Hashable {
    /// HTTP status code.
    package var code: Int
    /// Media type of the body.
    package var contentType: String
    package var body: String

    package init(code: Int, contentType: String, body: String) {
        self.code = code
        self.contentType = contentType
        self.body = body
    }

    /// One sentence for a person; a code other than 200 is an error that the command line prints.
    package static func text(_ code: Int, _ sentence: String) -> ControlResponse {
        ControlResponse(code: code, contentType: "text/plain; charset=utf-8", body: sentence + "\n")
    }

    /// The whole status as JSON.
    package static func status(_ status: Status) -> ControlResponse {
        do {
            return ControlResponse(code: 200, contentType: "application/json", body: try json(status, .compact) + "\n")
        } catch {
            return .text(500, "the status cannot be written as JSON: \(error)")
        }
    }

    /// The status as Prometheus series.
    package static func metrics(_ status: Status) -> ControlResponse {
        ControlResponse(
            code: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: prometheusText(of: status))
    }

    /// The loop is alive.
    package static let livez = ControlResponse.text(200, "ok")

    /// Ready is a node with a session to advertise on and with a verdict on all its VIPs, be it good or bad.
    package static func readyz(_ status: Status) -> ControlResponse {
        let unknown = status.vips.filter { $0.verdict == "unknown" }
        if !status.peers.contains(where: \.isEstablished) {
            return .text(503, "not ready: none of the \(status.peers.count) BGP sessions is Established")
        }
        if let vip = unknown.first {
            return .text(503, "not ready: no check result yet for \(vip.prefix)")
        }
        return .text(200, "ok")
    }
}

extension PeerStatus {
    /// True while the session can carry routes.
    package var isEstablished: Bool { state == "Established" }
}
