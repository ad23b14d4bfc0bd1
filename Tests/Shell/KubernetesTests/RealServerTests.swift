import ConfigFile
import Deadlines
import Glibc
import IPTypes
import JSON
import NIOCore
import NIOPosix
@testable import Services
import Testing

@testable import Kubernetes
@testable import KubernetesAPI

/// Against a real API server, or one that speaks like it: `BGPVIP_KUBECONFIG` names the file that leads to it. What the
/// tests make there they remove.
@Suite(.enabled(if: getenv("BGPVIP_KUBECONFIG") != nil, "BGPVIP_KUBECONFIG names no kubeconfig"), .serialized)
struct RealServerTests {
    private let access: APIAccess
    private let files: AccessFiles
    private let threads = NIOThreadPool(numberOfThreads: 1)
    private let web = ObjectName("default", "bgpvip-test")
    private let address = IPAddress.v4(IPv4Address(0xC633_6401))

    init() throws {
        let path = String(cString: try #require(getenv("BGPVIP_KUBECONFIG")))
        let access = try APIAccess(kubeconfig: tree(ofFile: path).get(), at: path)
        self.access = access
        files = AccessFiles { .success(access) }
        threads.start()
    }

    /// One request on a connection of its own.
    private func ask(_ request: APIRequest) async throws -> (code: Int, body: JSONValue?) {
        let (stream, continuation) = AsyncStream.makeStream(of: (Int, JSONValue?).self)
        let loop = TestAPI.loop
        let connection = try await loop.submit {
            var code = 0
            var body: JSONValue?
            var reader = JSONReader(request.selection)
            let connection = APIConnection(files, threads: threads, on: loop, userAgent: "bgpvip/test") { report in
                switch report {
                case .head(let status, _, _): code = status
                case .body(let bytes):
                    try? reader.read(bytes.readableBytesUInt8Span) { if case .document(let json) = $0 { body = json } }
                case .end: continuation.yield((code, body))
                case .failed(let failure): continuation.yield((0, .string("\(failure)")))
                }
            }
            connection.ask(request)
            return NIOLoopBound(connection, eventLoop: loop)
        }.get()
        var answers = stream.makeAsyncIterator()
        let answer = try #require(await answers.next(isolation: nil))
        try await loop.submit { connection.value.close() }.get()
        return answer
    }

    private func makeService() async throws -> Service {
        _ = try await ask(APIRequest(.delete, "/api/v1/namespaces/default/services/\(web.name)", selection: .all))
        let answer = try await ask(
            APIRequest(
                .post, "/api/v1/namespaces/default/services",
                body: [
                    "apiVersion": "v1", "kind": "Service", "metadata": ["name": .string(web.name)],
                    "spec": [
                        "type": "LoadBalancer", "loadBalancerClass": "bgpvip/vip", "externalTrafficPolicy": "Local",
                        "selector": ["app": "web"], "ports": [["port": 80]],
                    ],
                ], selection: Service.selection))
        #expect(answer.code == 201)
        return try #require(answer.body.flatMap { Service($0) })
    }

    private func write(_ step: Services.Step) async throws -> Services.Event? {
        var write = try #require(APIWrite(step, nodeName: "n1", namespace: "default"))
        while true {
            let answer = try await ask(write.request(at: WallTime(milliseconds: 1_795_955_696_123)))
            if case .done(let event) = write.answered(code: answer.code, answer.body) { return event }
        }
    }

    @Test func aStatusIsAppliedAgainstThisVersionOnly() async throws {
        let service = try await makeService()
        #expect(service.isLoadBalancer && service.trafficPolicy == .local && service.ingress.isEmpty)
        var ingresses = Service.Ingresses(
            service: web, uid: service.uid, resourceVersion: service.resourceVersion,
            ingress: [Service.Ingress(address)])
        #expect(try await write(.writeStatus(ingresses)) == .statusWritten(web))
        // It has another version now.
        ingresses.ingress = [Service.Ingress(address), Service.Ingress(.v4(IPv4Address(0xC633_6402)))]
        guard case .statusFailed(web, let reason) = try await write(.writeStatus(ingresses)) else {
            Issue.record("it is not refused")
            return
        }
        #expect(reason.hasPrefix("the API server answered 409"))
        let after = try await ask(
            APIRequest(.get, "/api/v1/namespaces/default/services/\(web.name)", selection: Service.selection))
        #expect(after.body.flatMap { Service($0) }?.ingress == [Service.Ingress(address)])
        // Made again it has another UID.
        ingresses.uid = try await makeService().uid + "x"
        ingresses.resourceVersion = ""
        guard case .statusFailed = try await write(.writeStatus(ingresses)) else {
            Issue.record("it is not refused")
            return
        }
        _ = try await ask(APIRequest(.delete, "/api/v1/namespaces/default/services/\(web.name)", selection: .all))
    }

    @Test func anAddressIsClaimedOnce() async throws {
        guard case .claimCreated(let claim) = try await write(.claim(address, for: .service(web, uid: "u-1"))) else {
            Issue.record("it is not created")
            return
        }
        #expect(claim.holder == .service(web, uid: "u-1"))
        #expect(try await write(.claim(address, for: .sharing(key: "k"))) == .claimRefused(address, by: claim))
        var other = claim
        other.uid = "84a4a49d-9334-43d8-9a69-a6e73bb372f5"
        guard case .releaseFailed = try await write(.release(other)) else {
            Issue.record("it is not refused")
            return
        }
        #expect(try await write(.release(claim)) == .deleted(.claim(address)))
        #expect(try await write(.release(claim)) == .deleted(.claim(address)))
    }

    @Test func anEventIsPosted() async throws {
        let request = try #require(
            APIWrite(
                .post(
                    ServiceNotice(
                        name: "bgpvip-test.1", service: web, uid: "u-1", isWarning: true, reason: "NoAddress",
                        message: "no address is free")), nodeName: "n1", namespace: "default")
        ).request(at: WallTime(milliseconds: 1_795_955_696_123))
        #expect([201, 409].contains(try await ask(request).code))
        #expect(try await ask(request).code == 409)
        _ = try await ask(
            APIRequest(.delete, "/apis/events.k8s.io/v1/namespaces/default/events/bgpvip-test.1", selection: .all))
    }

    @Test func whatChangesIsSeen() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Services.Event.self)
        let loop = TestAPI.loop
        let client = try await loop.submit {
            let identity = KubernetesClient.Identity(nodeName: "n1", namespace: "default", userAgent: "bgpvip/test")
            let client = KubernetesClient({ [access] in .success(access) }, as: identity, seed: 1, on: loop) { events in
                for event in events { continuation.yield(event) }
            }
            client.start()
            return NIOLoopBound(client, eventLoop: loop)
        }.get()
        var events = stream.makeAsyncIterator()
        func next(_ isWanted: (Services.Event) -> Bool) async {
            while let event = await events.next(isolation: nil), !isWanted(event) {
                if case .lost(let kind, let reason) = event { Issue.record("\(kind): \(reason)") }
            }
        }
        await next { $0 == .heard(.services) }
        let service = try await makeService()
        await next { $0 == .changed(.service(service)) }
        _ = try await ask(APIRequest(.delete, "/api/v1/namespaces/default/services/\(web.name)", selection: .all))
        await next { $0 == .deleted(.service(web)) }
        try await loop.submit { client.value.stop() }.get()
    }

    @Test func anOldVersionIsRefused() async throws {
        let request = Collection(.services, nodeName: "n1", namespace: "default").watch(from: "1", seconds: 2)
        let answer = try await ask(request)
        // Either the server still has all that happened, or it says that it has not.
        if let event = answer.body, event["type"] == "ERROR" { #expect(event["object"]?["code"] == 410) }
        #expect([200, 410].contains(answer.code))
    }
}
