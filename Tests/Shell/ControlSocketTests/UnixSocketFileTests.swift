import Glibc
import NIOCore
import Testing

@testable import ControlSocket

@Suite struct UnixSocketFileTests {
    @Test func `the socket has mode 0660 and its missing directory is made with 0755`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/run/bgpvip.sock"
        let (descriptor, file) = try UnixSocketFile.listen(at: path)
        defer { close(descriptor) }
        #expect(mode(path) == S_IFSOCK | 0o660)
        #expect(mode(directory.path + "/run") == S_IFDIR | 0o755)
        file.remove()
        #expect(mode(path) == nil)
    }

    @Test func `the file of a dead daemon is replaced`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/bgpvip.sock"
        close(try UnixSocketFile.listen(at: path).descriptor)
        #expect(mode(path) == S_IFSOCK | 0o660)
        let server = try RunningServer(in: directory) { _ in .livez }
        #expect(try server.ask("GET", "/livez") == ["200", "ok\n"])
    }

    @Test func `a second daemon on the same path is refused`() throws {
        let directory = try TemporaryDirectory()
        let server = try RunningServer(in: directory) { _ in .livez }
        #expect(throws: ControlSocketError.alreadyRunning(path: server.path)) { try RunningServer(in: directory) }
        #expect(try server.ask("GET", "/livez") == ["200", "ok\n"])
    }

    @Test func `a daemon that is too busy to accept is alive too`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/bgpvip.sock"
        let (descriptor, _) = try UnixSocketFile.listen(at: path)
        defer { close(descriptor) }
        var waiting: [CInt] = []
        defer { waiting.forEach { close($0) } }
        while let client = unixStreamSocket(nonblocking: true) {
            waiting.append(client)
            if withUnixSocketAddress(path, { connect(client, $0, $1) }) != 0 { break }
        }
        #expect(throws: ControlSocketError.alreadyRunning(path: path)) { try UnixSocketFile.listen(at: path) }
    }

    @Test func `a file that is not a socket is left alone`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/bgpvip.sock"
        close(creat(path, 0o600))
        #expect(throws: ControlSocketError.notASocket(path: path)) { try UnixSocketFile.listen(at: path) }
        #expect(mode(path) == S_IFREG | 0o600)
    }

    @Test func `stop removes our file but not one that another process put there`() throws {
        let directory = try TemporaryDirectory()
        let first = try RunningServer(in: directory)
        unlink(first.path)
        let second = try RunningServer(in: directory) { _ in .livez }
        try first.server.stop().wait()
        #expect(try second.ask("GET", "/livez") == ["200", "ok\n"])
        try second.server.stop().wait()
        #expect(mode(second.path) == nil)
    }

    @Test(arguments: ["", String(repeating: "a", count: 108)])
    func `a path the kernel cannot take is refused`(path: String) {
        #expect(throws: ControlSocketError.unusablePath(path)) { try UnixSocketFile.listen(at: path) }
    }

    @Test func `a directory that cannot be made is named`() {
        #expect(
            throws: ControlSocketError.system(
                doing: "make the directory", path: "/proc/bgpvip", text: "No such file or directory")
        ) { try UnixSocketFile.listen(at: "/proc/bgpvip/bgpvip.sock") }
    }

    @Test func `the errors say what to do`() {
        let errors: [ControlSocketError] = [
            .alreadyRunning(path: "/run/x"), .notASocket(path: "/run/x"), .unusablePath("x"),
            .system(doing: "bind", path: "/run/x", text: "Permission denied"),
            .notOurs(path: "/run/x", text: "Permission denied"),
        ]
        #expect(
            errors.map(\.description) == [
                "another bgpvip is running and answers on /run/x: stop it, or give this one its own --control-socket",
                "/run/x exists and is not a socket: remove it, or give another --control-socket",
                "'x' cannot be the path of a socket: it must have 1 to 107 bytes",
                "cannot bind /run/x: Permission denied", "cannot find out who uses /run/x: Permission denied",
            ])
        // Only where the place is to blame does a daemon serve without the socket.
        #expect(errors.map(\.isOfThePlace) == [false, false, false, true, false])
    }

    private func mode(_ path: String) -> mode_t? {
        var information = stat()
        return lstat(path, &information) == 0 ? information.st_mode : nil
    }
}
