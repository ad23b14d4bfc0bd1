import Deadlines
import Health
import IPTypes
import Testing

@Suite("A server that refuses anonymous requests")
struct RefusalTests {
    private static func check(accepts: Bool) -> Check {
        let target = SocketTarget(address: .v4(IPv4Address(0x7F00_0001)), port: 6443)
        let http = HTTPCheck(target: target, path: "/readyz", host: "127.0.0.1", acceptsAnonymousRefusal: accepts)
        return Check(name: "api", kind: .http(http))
    }
    private static let unauthenticated = Outcome.anonymousRefused(reason: "HTTP 401: refused", isUnauthenticated: true)
    private static let forbidden = Outcome.anonymousRefused(reason: "HTTP 403: refused", isUnauthenticated: false)
    private static let waiting =
        "HTTP 403: refused (a server that is starting answers the same; waiting whether it lasts)"

    @Test("It fails a check that somebody chose")
    func chosen() {
        for outcome in [Self.unauthenticated, Self.forbidden] {
            var health = HealthCheck.healthy(Self.check(accepts: false))
            #expect(health.probed(outcome) == [])
            #expect(health.probed(outcome) == [])
            let reason = outcome == Self.forbidden ? "HTTP 403: refused" : "HTTP 401: refused"
            #expect(
                health.probed(outcome) == [.verdictChanged(.unhealthy(reason: reason + " (3 failures in a row)"))])
            #expect(health.failed == 3)
        }
    }

    @Test("401 is healthy where nobody chose the check, which is said once")
    func accepted() {
        var health = HealthCheck(check: Self.check(accepts: true))
        _ = health.handle(.started, at: at(.zero))
        #expect(
            health.handle(.outcome(Self.unauthenticated), at: at(.milliseconds(5)))
                == [.refusalAccepted(reason: "HTTP 401: refused"), .verdictChanged(.healthy)])
        #expect(health.acceptedRefusal == "HTTP 401: refused")
        #expect(health.lastFailure == nil)
        #expect(health.passed == 1)
        #expect(health.probed(Self.unauthenticated) == [])
        #expect(health.probed(.passed) == [])
        #expect(health.acceptedRefusal == nil)
        #expect(health.probed(Self.unauthenticated) == [])
    }

    @Test("403 is what a starting server answers too: it must last three seconds, and decides nothing before")
    func starting() {
        var health = HealthCheck(check: Self.check(accepts: true))
        _ = health.handle(.started, at: at(.zero))
        #expect(health.handle(.outcome(Self.forbidden), at: at(.zero)) == [])
        #expect(health.verdict == .unknown)
        #expect(health.lastFailure == Self.waiting)
        #expect(health.probed(Self.forbidden) == [])
        #expect(health.probed(Self.forbidden) == [])
        #expect(
            health.probed(Self.forbidden)
                == [.refusalAccepted(reason: "HTTP 403: refused"), .verdictChanged(.healthy)])
        #expect(health.verdictSince == at(.seconds(3)))
    }

    @Test("A server that starts is healthy only when it is ready")
    func ready() {
        var health = HealthCheck.healthy(Self.check(accepts: true))
        #expect(health.probed(refused) == [.verdictChanged(.unhealthy(reason: "connection refused by 127.0.0.1:6443"))])
        for outcome in [Self.forbidden, Self.forbidden, sick, Self.forbidden, .passed] {
            #expect(health.probed(outcome) == [])
        }
        #expect(health.probed(.passed) == [.verdictChanged(.healthy)])
    }

    @Test("A healthy server whose operator forbids anonymous requests stays healthy")
    func forbiddenLater() {
        var health = HealthCheck.healthy(Self.check(accepts: true))
        #expect(health.probed(Self.forbidden) == [.refusalAccepted(reason: "HTTP 403: refused")])
        for _ in 1...5 { #expect(health.probed(Self.forbidden) == []) }
        #expect(health.verdict == .healthy)
    }
}
