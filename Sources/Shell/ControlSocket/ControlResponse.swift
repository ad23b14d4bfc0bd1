package import Services
package import SpeakerCore
package import Wording

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

    /// The status, or a page of it, as JSON.
    package static func status(_ status: Status) -> ControlResponse { inJSON(status) }

    /// Events as JSON.
    package static func events(_ page: EventPage) -> ControlResponse { inJSON(page) }

    /// Services as JSON; nil if none are served.
    package static func services(_ status: ServicesStatus?) -> ControlResponse {
        status.map { inJSON($0) }
            ?? .text(404, "Services are not served: add services to the settings, or --services")
    }

    private static func inJSON(_ value: some Encodable, code: Int = 200) -> ControlResponse {
        do {
            return ControlResponse(code: code, contentType: "application/json", body: try json(value, .compact) + "\n")
        } catch {
            return .text(500, "the answer cannot be written as JSON: \(error)")
        }
    }

    /// The status and the latest events as a page for people; `counts` is how many peers, checks and VIPs there are, of
    /// which the status has the first `StatusScope.ofPage.rows`.
    package static func page(_ status: Status, _ events: [Event], of counts: PartCounts) -> ControlResponse {
        ControlResponse(
            code: 200, contentType: "text/html; charset=utf-8", body: statusPage(status, events, of: counts))
    }

    /// What came of a reload, as JSON; the code is 422 if the settings are invalid.
    package static func reload(_ answer: ReloadAnswer) -> ControlResponse {
        inJSON(answer, code: answer.outcome == .invalid ? 422 : 200)
    }

    /// The metrics, together with those about this process.
    package static func metrics(_ metrics: MetricsText) -> ControlResponse {
        ControlResponse(
            code: 200, contentType: "text/plain; version=0.0.4; charset=utf-8",
            body: metrics.text + (ProcessFigures.current?.prometheusText ?? ""))
    }

    /// The loop is alive.
    package static let livez = ControlResponse.text(200, "ok")

    /// The node is ready, or is not for this reason.
    package static func readyz(_ unreadiness: String?) -> ControlResponse {
        unreadiness.map { .text(503, "not ready: \($0)") } ?? .text(200, "ok")
    }
}
