import Glibc
import NIOCore
import NIOPosix
import SampleStatus
import SpeakerCore
import Testing

@testable import ControlSocket

@Suite struct ControlClientTests {
    @Test func `the client reads the status the server wrote`() throws {
        let server = try RunningServer { _ in .status(.sample) }
        #expect(try ControlClient(server.path).status() == .sample)
    }

    @Test func `a status in pages is put together`() throws {
        let server = try RunningServer { request in
            guard case .status(let scope) = request else { return .text(500, "not asked for") }
            var page = Status.sample
            page.vips = [page.vips[scope.position]]
            page.next = scope.position < Status.sample.vips.count - 1 ? scope.position + 1 : nil
            if scope.position > 0 {
                page.peers = []
                page.checks = []
            }
            return .status(page)
        }
        let client = ControlClient(server.path)
        #expect(try client.status() == .sample)
        #expect(try client.status(while: { _ in false }).vips.count == 1)
        #expect(server.asked.requests.count == Status.sample.vips.count + 1)
    }

    @Test func `drain and undrain carry what the operator said`() throws {
        let server = try RunningServer { _ in .status(.sample) }
        let client = ControlClient(server.path)
        #expect(try client.drain(reason: "new kernel & é", waitSeconds: 5) == .sample)
        #expect(try client.drain() == .sample)
        #expect(try client.undrain() == .sample)
        #expect(
            server.asked.requests == [
                .drain(reason: "new kernel & é", wait: true), .drain(reason: nil, wait: false), .undrain(),
            ])
    }

    @Test func `what a reload has come to arrives, also if the settings are wrong`() throws {
        let changed = ReloadAnswer(
            outcome: .changed, isDryRun: true, changes: ["log level: changes"], needsRestart: ["interface"],
            notices: ["a notice"])
        let invalid = ReloadAnswer(outcome: .invalid, isDryRun: false, errors: ["error: flag --vip: is wrong"])
        let server = try RunningServer { $0 == .reload(isDryRun: true) ? .reload(changed) : .reload(invalid) }
        let client = ControlClient(server.path)
        #expect(try client.reload(isDryRun: true) == changed)
        #expect(try client.reload(isDryRun: false) == invalid)
        #expect(
            try server.ask("POST", "/v1/reload") == [
                "422",
                #"{"changes":[],"errors":["error: flag --vip: is wrong"],"isDryRun":false,"needsRestart":[],"notices":[],"outcome":"invalid"}"#
                    + "\n",
            ])
    }

    @Test func `a daemon that cannot reload says so`() throws {
        let server = try RunningServer { _ in .text(404, "there is nothing at this path") }
        #expect(throws: ControlClientError.refused(code: 404, words: "there is nothing at this path")) {
            try ControlClient(server.path).reload(isDryRun: false)
        }
    }

    @Test func `what the daemon refuses is told in its words`() throws {
        let server = try RunningServer(maySteer: []) { _ in .text(409, "the daemon is leaving") }
        let client = ControlClient(server.path)
        let forbidden = ControlClientError.refused(
            code: 403, words: "only root and the user bgpvip runs as may change its state")
        #expect(throws: forbidden) { try client.undrain() }
        #expect(throws: ControlClientError.refused(code: 409, words: "the daemon is leaving")) { try client.status() }
    }

    @Test func `without a daemon it says so`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/bgpvip.sock"
        #expect(throws: ControlClientError.notRunning(path: path)) { try ControlClient(path).status() }
        close(try UnixSocketFile.listen(at: path).descriptor)
        #expect(throws: ControlClientError.notRunning(path: path)) { try ControlClient(path).status() }
    }

    @Test(.enabled(if: geteuid() != 0, "root is kept out of nothing"))
    func `without permission it names the group`() throws {
        let server = try RunningServer()
        chmod(server.path, 0)
        #expect(throws: ControlClientError.noPermission(path: server.path, group: getegid())) {
            try ControlClient(server.path).status()
        }
    }

    @Test func `a daemon that does not answer is not waited for longer than the timeout`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/bgpvip.sock"
        let (descriptor, _) = try UnixSocketFile.listen(at: path)
        defer { close(descriptor) }
        #expect(throws: ControlClientError.timedOut(path: path, after: .milliseconds(20))) {
            try ControlClient(path, timeout: .milliseconds(20)).status()
        }
    }

    @Test func `a path the kernel cannot take is refused`() {
        #expect(throws: ControlClientError.system(path: "''", text: "the path of a socket must have 1 to 107 bytes")) {
            try ControlClient("").status()
        }
    }

    @Test func `a daemon that ends before it answers is told from another program`() throws {
        try expect("", { .ended(path: $0) })
    }

    @Test(arguments: [
        ("hello\r\n\r\n", "the answer is not HTTP"),
        ("HTTP/1.1 200 OK\r\nContent-Le", "the answer ends early"),
        ("HTTP/1.1 200 OK\r\n\r\n{}", "the answer is not HTTP"),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}", "the answer is not HTTP"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", "the answer ends early"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "the answer has no version"),
        ("HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\n{]", "the answer is not JSON"),
    ])
    func `another program on the path is recognised`(answer: String, detail: String) throws {
        try expect(answer) { .garbage(path: $0, detail: detail) }
    }

    @Test func `an answer without end is not read to the end`() throws {
        try expect(String(repeating: "x", count: 17 << 20)) {
            .garbage(path: $0, detail: "the answer does not end")
        }
    }

    /// The error that the client ends with, by the path, if it gets this answer.
    private func expect(_ answer: String, _ error: (String) -> ControlClientError) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/bgpvip.sock"
        let (descriptor, _) = try UnixSocketFile.listen(at: path)
        let other = try ServerBootstrap(group: RunningServer.loop)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Canned(answer))
                }
            }
            .withBoundSocket(descriptor).wait()
        #expect(throws: error(path)) { try ControlClient(path).status() }
        try other.close().wait()
    }

    @Test func `the errors say what to do and have their exit status`() {
        let errors: [ControlClientError] = [
            .notRunning(path: "/run/x"), .noPermission(path: "/run/x", group: 998),
            .noPermission(path: "/run/x", group: nil), .timedOut(path: "/run/x", after: .seconds(12)),
            .ended(path: "/run/x"), .garbage(path: "/run/x", detail: "the answer is not HTTP"),
            .system(path: "/run/x", text: "Too many files"),
            .refused(code: 400, words: "no"), .refused(code: 403, words: "no"),
        ]
        #expect(
            errors.map { "\($0.exitCode) \($0)" } == [
                "3 bgpvip is not running here, or uses another control socket than /run/x:"
                    + " start it or give --control-socket",
                "3 no permission to use /run/x: run as root or join the group of that file (group id 998)",
                "3 no permission to use /run/x: run as root or join the group of that file",
                "3 bgpvip did not answer on /run/x within 12.0 seconds: it is stuck or starved of CPU; look at its log",
                "3 the daemon on /run/x ended before it answered: look at its log",
                "3 what answers on /run/x is not this version of bgpvip: the answer is not HTTP",
                "3 cannot talk to /run/x: Too many files",
                "2 the daemon says: no",
                "1 the daemon says: no",
            ])
    }
}

/// Answers the first bytes with the same text always, and closes.
private final class Canned: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: String

    init(_ answer: String) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
