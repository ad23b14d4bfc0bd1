import Foundation
import NIOCore
import NIOPosix
import ShellSystem
import Testing

@testable import Daemon

/// What is to be seen of the drain file.
struct DrainFileTests {
    let directory = try? ScratchDirectory()

    private func path(_ name: String) throws -> String { "\(try #require(directory).path)/\(name)" }

    @Test func aFileThatIsNotThereIsAbsent() throws {
        #expect(try DrainFile(at: path("drain")) == .absent)
        try write(path("plain"), "")
        #expect(try DrainFile(at: path("plain/drain")) == .absent)
        symlink("nowhere", try path("dangling"))
        #expect(try DrainFile(at: path("dangling")) == .absent)
    }

    @Test func theFirstLineOfAFileIsTheReason() throws {
        try write(path("drain"), "  new kernel \nand more\n")
        #expect(try DrainFile(at: path("drain")) == .present(reason: "new kernel"))
        try write(path("drain"), "")
        #expect(try DrainFile(at: path("drain")) == .present(reason: nil))
        try write(path("drain"), String(repeating: "a", count: 1 << 20))
        #expect(try DrainFile(at: path("drain")) == .present(reason: String(repeating: "a", count: 128)))
    }

    @Test func whatIsNoFileIsThereAllTheSameAndBlocksNobody() throws {
        mkdir(try path("directory"), 0o700)
        #expect(try DrainFile(at: path("directory")) == .present(reason: nil))
        mkfifo(try path("pipe"), 0o600)
        #expect(try DrainFile(at: path("pipe")) == .present(reason: nil))
    }

    @Test func aPathThatTellsNothingIsAnError() throws {
        symlink("loop", try path("loop"))
        let path = try path("loop")
        let error = #expect(throws: DrainFile.Unknown(path: path, code: ELOOP)) { try DrainFile(at: path) }
        #expect(
            error?.description
                == "cannot tell whether the drain file \(path) exists: Too many levels of symbolic links")
    }
}

/// That changes are seen at once, without looking every so often.
@Suite(.timeLimit(.minutes(1))) struct FileWatchTests {
    let directory = try? ScratchDirectory()

    private func path(_ name: String) throws -> String { "\(try #require(directory).path)/\(name)" }

    /// Calls `body` with a function that waits until a look that was due has shown what is wanted.
    private func watching(
        _ path: String, pause: TimeAmount = .hours(1),
        _ body: (_ see: (DrainFile) async throws -> Void) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let (looks, continuation) = AsyncStream.makeStream(of: Void.self)
        let thread = BlockingThread()
        let watch = try await loop.submit {
            FileWatch(
                path, by: thread, on: loop, pause: pause,
                // Where the watch is opened, so that the look comes after it.
                lookIsDue: { thread.submit { continuation.yield() } },
                cannotWatch: { Issue.record("cannot watch: \($0)") })
        }.get()
        await withCheckedContinuation { opened in thread.submit { opened.resume() } }
        try await body { wanted in
            for await _ in looks where try DrainFile(at: path) == wanted { return }
        }
        try await loop.submit { watch.stop() }.get()
        try await group.shutdownGracefully()
    }

    @Test func aFileThatComesChangesAndGoesIsSeenAtOnce() async throws {
        let path = try path("drain")
        try await watching(path) { see in
            try write(path, "new kernel")
            try await see(.present(reason: "new kernel"))
            try write(path, "rack move")
            try await see(.present(reason: "rack move"))
            unlink(path)
            try await see(.absent)
        }
    }

    @Test func aFileThatIsMovedThereAndAwayIsSeenAtOnce() async throws {
        let path = try path("drain")
        try await watching(path) { see in
            try write("\(path).new", "new kernel")
            rename("\(path).new", path)
            try await see(.present(reason: "new kernel"))
            rename(path, "\(path).old")
            try await see(.absent)
        }
    }

    @Test func aFileBehindALinkThatIsReplacedIsSeen() async throws {
        let path = try path("drain")
        let (data, first, second) = (try self.path("..data"), try self.path("..1"), try self.path("..2"))
        mkdir(first, 0o700)
        mkdir(second, 0o700)
        try write("\(second)/drain", "new kernel")
        symlink("..1", data)
        symlink("..data/drain", path)
        try await watching(path) { see in
            symlink("..2", "\(data)_tmp")
            rename("\(data)_tmp", data)
            try await see(.present(reason: "new kernel"))
        }
    }

    @Test func aDirectoryThatIsMadeLaterIsLookedForAndThenWatched() async throws {
        let parent = try path("later")
        try await watching("\(parent)/drain", pause: .milliseconds(1)) { see in
            mkdir(parent, 0o700)
            try write("\(parent)/drain", "new kernel")
            try await see(.present(reason: "new kernel"))
        }
    }

    @Test func aDirectoryThatIsReplacedIsWatchedAgain() async throws {
        let parent = try path("replaced")
        mkdir(parent, 0o700)
        try await watching("\(parent)/drain", pause: .milliseconds(1)) { see in
            try write("\(parent)/drain", "first")
            try await see(.present(reason: "first"))
            rename(parent, "\(parent).old")
            try await see(.absent)
            mkdir(parent, 0o700)
            try write("\(parent)/drain", "second")
            try await see(.present(reason: "second"))
            unlink("\(parent)/drain")
            rmdir(parent)
            try await see(.absent)
        }
    }
}

private struct Unwritable: Error {}

private func write(_ path: String, _ text: String) throws {
    guard let stream = fopen(path, "w") else { throw Unwritable() }
    fputs(text, stream)
    fclose(stream)
}

/// A directory that is removed with everything in it when nobody refers to it any more.
final class ScratchDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("bgpvip-test-\(UUID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
