import Glibc
import NIOCore
import Testing

@testable import HealthProbes

@Suite("The program of onChange", .timeLimit(.minutes(1)))
struct ChangeProgramTests {
    /// An executable script.
    private func script(_ text: String, in directory: TemporaryDirectory) throws -> String {
        let path = try directory.write("notify", "#!/bin/sh\n\(text)\n")
        #expect(chmod(path, 0o755) == 0)
        return path
    }

    /// Runs the program once for each list of variables, one after the other, and returns what is wrong with each run.
    private func failures(
        of path: String, _ runs: [[(name: String, value: String)]],
        within limits: [Duration] = [.seconds(20), .seconds(20), .seconds(20)]
    ) async throws -> [String?] {
        let loop = TestService.loop
        let program = try await loop.submit { NIOLoopBound(ChangeProgram(path, on: loop), eventLoop: loop) }.get()
        var failures: [String?] = []
        for (variables, limit) in zip(runs, limits) {
            let promise = loop.makePromise(of: String?.self)
            loop.execute { program.value.run(variables, within: limit) { promise.succeed($0) } }
            failures.append(try await promise.futureResult.get())
        }
        return failures
    }

    @Test("It gets PATH and the variables of the change, and no other one")
    func environment() async throws {
        let directory = try TemporaryDirectory()
        let path = try script(
            "test \"$CHANGE_STATE\" = up -a \"$(env | grep -vc '^_=\\|^PWD=\\|^PATH=')\" = 2", in: directory)
        let change = [(name: "CHANGE", value: "session"), (name: "CHANGE_STATE", value: "up")]
        let other = [(name: "CHANGE", value: "session"), (name: "CHANGE_STATE", value: "down")]
        #expect(try await failures(of: path, [change, other, change]) == [nil, "exit status 1", nil])
    }

    @Test("One that cannot be run is named")
    func absent() async throws {
        #expect(
            try await failures(of: "/absent/notify", [[]]) == [
                "cannot run /absent/notify: No such file or directory"
            ])
    }

    @Test("At the end of its time it is killed with its process group, and the next one runs when it is gone")
    func timeout() async throws {
        let directory = try TemporaryDirectory()
        let path = try script("test \"$CHANGE\" = quick && exit 0\nsleep 1000 & wait", in: directory)
        let runs = [[(name: "CHANGE", value: "slow")], [(name: "CHANGE", value: "quick")]]
        #expect(
            try await failures(of: path, runs, within: [.milliseconds(300), .seconds(20)]) == [
                "timed out after 300 ms", nil,
            ])
    }
}
