import Deadlines
import IPTypes
import Kubernetes
import KubernetesAPI
import NIOCore
import Services
import TestSupport
import Testing

struct KubernetesClientTests {
    private let directory: AccessDirectory
    private let web = ObjectName("shop", "web")

    init() throws { directory = try AccessDirectory() }

    private func access(_ api: TestAPI) -> APIAccess {
        APIAccess(
            host: "127.0.0.1", port: api.port, authority: .file("\(directory.path)/ca.crt"),
            credentials: .token(.file("\(directory.path)/token")))
    }

    /// A client and its events about one kind.
    private struct Running {
        let client: NIOLoopBound<KubernetesClient>
        var events: AsyncStream<Services.Event>.Iterator

        init(_ access: APIAccess, about kind: ClusterObject.Kind? = .services) async throws {
            let (stream, continuation) = AsyncStream.makeStream(of: Services.Event.self)
            events = stream.makeAsyncIterator()
            let loop = TestAPI.loop
            client = try await loop.submit {
                let identity = KubernetesClient.Identity(nodeName: "n1", namespace: "bgpvip", userAgent: "bgpvip/test")
                let client = KubernetesClient({ .success(access) }, as: identity, seed: 1, on: loop) { events in
                    for event in events where kind == nil || event.kind == kind { continuation.yield(event) }
                }
                client.start()
                return NIOLoopBound(client, eventLoop: loop)
            }.get()
        }

        mutating func next() async -> Services.Event? { await events.next(isolation: nil) }

        func perform(_ step: Services.Step) {
            TestAPI.loop.execute { [client] in client.value.perform(step, at: WallTime(milliseconds: 0)) }
        }

        func stop() async throws { try await TestAPI.loop.submit { [client] in client.value.stop() }.get() }
    }

    private static func service(_ name: String, version: Int) -> String {
        #"{"metadata":{"namespace":"shop","name":"\#(name)","resourceVersion":"\#(version)","managedFields":[{}]},"#
            + #""spec":{"type":"LoadBalancer"}}"#
    }

    private static let empty = #"{"metadata":{"resourceVersion":"5"},"items":[]}"#

    private func changed(_ name: String, version: Int) -> Services.Event {
        .changed(
            .service(Service(name: ObjectName("shop", name), uid: "", resourceVersion: "\(version)", families: [])))
    }

    @Test func aListAndItsWatchComeOverOneConnection() async throws {
        let api = try await TestAPI { request in
            guard request.line.hasPrefix("GET /api/v1/services?") else { return .hang }
            if request.line.contains("watch=true") {
                return .stream([#"{"type":"ADDED","object":\#(Self.service("b", version: 7))}"# + "\n"])
            }
            return .stream([
                #"{"kind":"ServiceList","metadata":{"resourceVersion":"5"},"items":["#, Self.service("a", version: 3),
                "]}\n", "",
            ])
        }
        var running = try await Running(access(api))
        #expect(await running.next() == .listBegan(.services))
        #expect(await running.next() == changed("a", version: 3))
        #expect(await running.next() == .listEnded(.services))
        #expect(await running.next() == .heard(.services))
        #expect(await running.next() == changed("b", version: 7))
        let requests = api.requests.filter { $0.line.hasPrefix("GET /api/v1/services?") }
        #expect(requests.count == 2)
        #expect(requests.first?.headers["authorization"] == "Bearer first")
        #expect(requests.first?.headers["user-agent"] == "bgpvip/test")
        #expect(requests.first?.connection === requests.last?.connection)
        try await running.stop()
    }

    @Test func theTokenIsReadAgainForTheNextConnection() async throws {
        let directory = directory
        let api = try await TestAPI { request in
            guard request.line.hasPrefix("GET /api/v1/services?") else { return .hang }
            guard request.headers["authorization"] == "Bearer first" else { return .answer(200, Self.empty) }
            // Before the answer, so that the file has changed when the client asks again.
            directory.write("second\n", to: "token")
            return .answer(401, #"{"code":401,"message":"Unauthorized"}"#)
        }
        var running = try await Running(access(api))
        #expect(await running.next() == .listBegan(.services))
        #expect(
            await running.next()
                == .lost(
                    .services,
                    reason:
                        "the API server answered 401: Unauthorized; check that the token or client certificate is valid"
                ))
        #expect(await running.next() == .listBegan(.services))
        #expect(await running.next() == .listEnded(.services))
        try await running.stop()
    }

    @Test func aCutWatchGoesOn() async throws {
        let api = try await TestAPI { request in
            guard request.line.hasPrefix("GET /api/v1/services?") else { return .hang }
            if request.line.contains("resourceVersion=9&") { return .stream([]) }
            if request.line.contains("watch=true") {
                // The connection ends in the middle of a chunk.
                return .raw(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "48\r\n" + #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}"#)
            }
            return .answer(200, Self.empty)
        }
        var running = try await Running(access(api))
        #expect(await running.next() == .listBegan(.services))
        #expect(await running.next() == .listEnded(.services))
        // The head, and the bookmark.
        #expect(await running.next() == .heard(.services))
        #expect(await running.next() == .heard(.services))
        #expect(
            await running.next()
                == .lost(.services, reason: "the API server 127.0.0.1:\(api.port) closed the connection"))
        try await running.stop()
    }

    @Test(arguments: [
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\n<html>",
            "the answer of the API server cannot be read: \"<\" is not JSON at byte 0"
        ),
        (
            "HTTP/1.1 502 Bad\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
            "the API server answered 502"
        ),
        (
            "HTTP/1.1 500 Bad\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n}",
            "the API server answered 500"
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{ ",
            "the answer of the API server cannot be read: it ends in the middle"
        ),
    ])
    func aBrokenAnswerIsAFailure(text: String, reason: String) async throws {
        let api = try await TestAPI { $0.line.hasPrefix("GET /api/v1/services?") ? .raw(text) : .hang }
        var running = try await Running(access(api))
        #expect(await running.next() == .listBegan(.services))
        #expect(await running.next() == .lost(.services, reason: reason))
        try await running.stop()
    }

    @Test func aServerWithoutHTTPIsAFailure() async throws {
        let api = try await TestAPI { _ in .raw("SSH-2.0-x\r\n") }
        var running = try await Running(access(api))
        #expect(await running.next() == .listBegan(.services))
        guard case .lost(.services, let reason) = await running.next() else {
            Issue.record("it is not lost")
            return
        }
        #expect(reason.hasPrefix("the API server 127.0.0.1:\(api.port) does not speak HTTP/1.1 here"))
        try await running.stop()
    }

    @Test func aServerOfAnotherAuthorityIsNotTrusted() async throws {
        directory.write(TestCertificates.otherAuthority, to: "ca.crt")
        let api = try await TestAPI { _ in .answer(200, Self.empty) }
        var running = try await Running(access(api))
        #expect(await running.next() == .listBegan(.services))
        #expect(
            await running.next()
                == .lost(
                    .services,
                    reason:
                        "the certificate of the API server 127.0.0.1:\(api.port) is not valid now, or not issued by "
                        + "the CA in \(directory.path)/ca.crt"))
        #expect(api.requests.isEmpty)
        try await running.stop()
    }

    @Test func theAddressInTheCertificateIsEnough() async throws {
        let api = try await TestAPI { _ in .answer(200, Self.empty) }
        var other = access(api)
        other.serverName = "other"
        var running = try await Running(other)
        _ = await running.next()
        #expect(await running.next() == .listEnded(.services))
        try await running.stop()
    }

    @Test func aServerWithoutTLSIsAFailure() async throws {
        let api = try await TestAPI(isPlain: true) { _ in .raw("HTTP/1.1 400 Bad Request\r\n\r\n") }
        var running = try await Running(access(api))
        _ = await running.next()
        #expect(
            await running.next()
                == .lost(.services, reason: "the API server 127.0.0.1:\(api.port) does not speak TLS"))
        try await running.stop()
    }

    @Test func whatIsMissingIsNamed() async throws {
        let api = try await TestAPI { _ in .answer(200, Self.empty) }
        var absent = access(api)
        absent.credentials = .token(.file("/nowhere/token"))
        var running = try await Running(absent)
        _ = await running.next()
        #expect(
            await running.next()
                == .lost(.services, reason: "cannot read the token file /nowhere/token: No such file or directory"))
        try await running.stop()
    }

    @Test func aRefusedConnectionIsAFailure() async throws {
        let api = try await TestAPI { _ in .hang }
        try await api.stopListening()
        var running = try await Running(access(api))
        _ = await running.next()
        #expect(
            await running.next()
                == .lost(
                    .services, reason: "cannot connect to the API server 127.0.0.1:\(api.port): Connection refused"))
        try await running.stop()
    }

    @Test func aClientCertificateIsShown() async throws {
        let certificate = directory.write(TestCertificates.clientCertificate, to: "client.crt")
        let key = directory.write(TestCertificates.clientKey, to: "client.key")
        let api = try await TestAPI(clients: TestCertificates.authority) { _ in .answer(200, Self.empty) }
        var mutual = access(api)
        mutual.credentials = .certificate(.file(certificate), key: .file(key))
        var running = try await Running(mutual)
        _ = await running.next()
        #expect(await running.next() == .listEnded(.services))
        #expect(api.requests.first?.headers["authorization"] == nil)
        try await running.stop()
    }

    @Test func aClaimThatIsTakenIsLookedAt() async throws {
        let api = try await TestAPI { request in
            switch request.line.prefix(4) {
            case "POST": .answer(409, #"{"code":409,"reason":"AlreadyExists"}"#)
            case "GET " where request.line.hasSuffix("leases/lb-192-0-2-1"):
                .answer(
                    200, #"{"metadata":{"name":"lb-192-0-2-1","uid":"u"},"spec":{"holderIdentity":"sharing:k"}}"#)
            default: .hang
            }
        }
        var running = try await Running(access(api), about: nil)
        for _ in 0..<3 { _ = await running.next() }
        let address = IPAddress.v4(IPv4Address(0xC000_0201))
        running.perform(.claim(address, for: .service(web, uid: "u-1")))
        #expect(
            await running.next()
                == .claimRefused(address, by: Claim(address: address, holder: .sharing(key: "k"), uid: "u")))
        let post = api.requests.first { $0.line.hasPrefix("POST") }
        #expect(post?.headers["content-type"] == "application/json")
        #expect(post?.body.contains(#""holderIdentity":"shop/web u-1""#) == true)
        try await running.stop()
    }

    @Test func slicesAreAskedForWhenAServiceIsFollowed() async throws {
        let api = try await TestAPI { request in
            request.line.contains("endpointslices") ? .answer(200, Self.empty) : .hang
        }
        var running = try await Running(access(api), about: .slices)
        running.perform(.follow(web))
        #expect(await running.next() == .listBegan(.slices))
        #expect(await running.next() == .listEnded(.slices))
        try await running.stop()
    }
}

extension Services.Event {
    /// Of what kind of object it tells.
    fileprivate var kind: ClusterObject.Kind? {
        switch self {
        case .listBegan(let kind), .listEnded(let kind), .heard(let kind), .lost(let kind, _): kind
        case .changed(let object): object.id.kind
        case .deleted(let id): id.kind
        default: nil
        }
    }
}
