import Deadlines
import IPTypes
import JSON
import KubernetesAPI
@testable import Services
import Testing

struct APIWriteTests {
    private let address = IPAddress.v4(IPv4Address(0xC000_020A))
    private let web = ObjectName("shop", "web")
    private let wall = WallTime(milliseconds: 1_795_955_696_123)

    private func write(_ step: Services.Step) throws -> APIWrite {
        try #require(APIWrite(step, nodeName: "n1", namespace: "bgpvip"))
    }

    private func body(_ request: APIRequest) -> String { String(decoding: request.body, as: UTF8.self) }

    @Test func aClaimCreatesALease() throws {
        var write = try write(.claim(address, for: .service(web, uid: "u-1")))
        let request = write.request(at: wall)
        #expect(request.method == .post)
        #expect(request.target == "/apis/coordination.k8s.io/v1/namespaces/bgpvip/leases")
        #expect(request.contentType == "application/json")
        #expect(
            body(request) == #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"#
                + #""labels":{"app.kubernetes.io/managed-by":"bgpvip"},"name":"lb-192-0-2-10"},"#
                + #""spec":{"holderIdentity":"shop/web u-1"}}"#)
        let lease: JSONValue = [
            "metadata": ["name": "lb-192-0-2-10", "uid": "l-1", "resourceVersion": "9"],
            "spec": ["holderIdentity": "shop/web u-1"],
        ]
        let claim = Claim(address: address, holder: .service(web, uid: "u-1"), uid: "l-1", resourceVersion: "9")
        #expect(write.answered(code: 201, lease) == .done(.claimCreated(claim)))
    }

    @Test func aLeaseThatExistsIsLookedAt() throws {
        var write = try write(.claim(address, for: .service(web, uid: "u-1")))
        #expect(write.answered(code: 409, ["reason": "AlreadyExists"]) == .ask)
        let request = write.request(at: wall)
        #expect(request.method == .get)
        #expect(request.target == "/apis/coordination.k8s.io/v1/namespaces/bgpvip/leases/lb-192-0-2-10")
        #expect(request.body.isEmpty && request.contentType == nil)
        var gone = write
        #expect(gone.answered(code: 404, nil) == .done(.claimRefused(address, by: nil)))
        let lease: JSONValue = [
            "metadata": ["name": "lb-192-0-2-10", "uid": "l-1"], "spec": ["holderIdentity": "someone"],
        ]
        #expect(
            write.answered(code: 200, lease)
                == .done(.claimRefused(address, by: Claim(address: address, holder: .stranger("someone"), uid: "l-1"))))
    }

    @Test func aReleaseDeletesThatVeryLease() throws {
        let claim = Claim(address: address, holder: .service(web, uid: "u-1"), uid: "l-1", resourceVersion: "9")
        var write = try write(.release(claim))
        let request = write.request(at: wall)
        #expect(request.method == .delete)
        #expect(request.target == "/apis/coordination.k8s.io/v1/namespaces/bgpvip/leases/lb-192-0-2-10")
        #expect(
            body(request) == #"{"apiVersion":"v1","kind":"DeleteOptions","#
                + #""preconditions":{"resourceVersion":"9","uid":"l-1"}}"#)
        var absent = write
        #expect(absent.answered(code: 404, nil) == .done(.deleted(.claim(address))))
        var other = write
        #expect(
            other.answered(code: 409, ["message": "Precondition failed"])
                == .done(.releaseFailed(address, reason: "the API server answered 409: Precondition failed")))
        #expect(write.answered(code: 200, nil) == .done(.deleted(.claim(address))))
    }

    @Test func aStatusIsApplied() throws {
        let ingresses = Service.Ingresses(
            service: web, uid: "u-1", resourceVersion: "42", ingress: [Service.Ingress(address)])
        var write = try write(.writeStatus(ingresses))
        let request = write.request(at: wall)
        #expect(request.method == .patch)
        #expect(
            request.target == "/api/v1/namespaces/shop/services/web/status?fieldManager=bgpvip&force=true")
        #expect(request.contentType == "application/apply-patch+yaml")
        #expect(
            body(request) == #"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"shop","#
                + #""resourceVersion":"42","uid":"u-1"},"status":{"loadBalancer":{"#
                + #""ingress":[{"ip":"192.0.2.10","ipMode":"VIP"}]}}}"#)
        var refused = write
        #expect(
            refused.answered(code: 409, ["reason": "Conflict"])
                == .done(.statusFailed(web, reason: "the API server answered 409: Conflict")))
        #expect(write.answered(code: 200, nil) == .done(.statusWritten(web)))
    }

    @Test func anEventIsPostedOnce() throws {
        let notice = ServiceNotice(
            name: "web.1", service: web, uid: "u-1", isWarning: true, reason: "NoAddress", message: "no address is free"
        )
        var write = try write(.post(notice))
        let request = write.request(at: wall)
        #expect(request.target == "/apis/events.k8s.io/v1/namespaces/shop/events")
        #expect(
            body(request) == #"{"action":"NoAddress","apiVersion":"events.k8s.io/v1","#
                + #""eventTime":"2026-11-29T12:34:56.123000Z","kind":"Event","#
                + #""metadata":{"name":"web.1","namespace":"shop"},"note":"no address is free","reason":"NoAddress","#
                + #""regarding":{"apiVersion":"v1","kind":"Service","name":"web","namespace":"shop","uid":"u-1"},"#
                + #""reportingController":"bgpvip","reportingInstance":"n1","type":"Warning"}"#)
        #expect(write.answered(code: 409, ["reason": "AlreadyExists"]) == .done(nil))
        #expect(write.answered(code: 500, nil) == .done(nil))
    }

    @Test func withoutAnAnswerItHasFailed() throws {
        let failure = APIFailure.transport("cut")
        #expect(
            try write(.claim(address, for: .sharing(key: "k"))).failed(failure)
                == .claimFailed(address, reason: "cut"))
    }

    @Test func namesCannotBreakOutOfThePath() throws {
        let odd = Service.Ingresses(
            service: ObjectName("a/b", "c?d\r\n"), uid: "u", resourceVersion: "", ingress: [])
        #expect(
            try write(.writeStatus(odd)).request(at: wall).target
                == "/api/v1/namespaces/a%2Fb/services/c%3Fd%0D%0A/status?fieldManager=bgpvip&force=true")
    }
}
