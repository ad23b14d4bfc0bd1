import Deadlines
import IPTypes
import JSON
import KubernetesAPI
import Services
import Testing

/// One Reflector and the time.
struct Watched {
    var reflector: Reflector
    var now = Instant(nanoseconds: 0)

    init(_ kind: ClusterObject.Kind) {
        reflector = Reflector(Collection(kind, nodeName: "n1", namespace: "bgpvip"), seed: 1)
    }

    /// What comes of an input, in short: targets of requests, and events.
    mutating func handle(_ input: APIInput, after time: Duration = .zero) -> [String] {
        now = now + time
        return reflector.handle(input, at: now).map(short)
    }

    /// What comes of the deadline, when it is due.
    mutating func wait() -> [String] {
        now = reflector.nextDeadline ?? now
        return handle(.deadlineReached)
    }

    /// A whole answer.
    mutating func answer(_ outputs: [JSONReader.Output], code: Int = 200) -> [String] {
        var steps = handle(.answered(code: code))
        for output in outputs { steps += handle(.read(output)) }
        return steps + handle(.ended)
    }

    /// How long it waits from now on.
    var pause: Duration? { reflector.nextDeadline.map { $0 - now } }

    private func short(_ output: APIOutput) -> String {
        switch output {
        case .ask(let request): "\(request.method.rawValue) \(request.target)"
        case .hangUp: "hang up"
        case .event(.listBegan(let kind)): "list of \(kind)"
        case .event(.listEnded(let kind)): "end of \(kind)"
        case .event(.changed(let object)): "changed \(object.id)"
        case .event(.deleted(let id)): "deleted \(id)"
        case .event(.heard(let kind)): "heard \(kind)"
        case .event(.lost(let kind, let reason)): "lost \(kind): \(reason)"
        case .event(let event): "\(event)"
        }
    }
}

func service(_ name: String, version: Int) -> JSONValue {
    ["metadata": ["namespace": "default", "name": .string(name), "resourceVersion": .string("\(version)")]]
}

func page(_ version: Int, next: String = "") -> JSONReader.Output {
    .document(["metadata": ["resourceVersion": .string("\(version)"), "continue": .string(next)]])
}

func line(_ type: String, _ object: JSONValue) -> APIInput {
    .read(.document(["type": .string(type), "object": object]))
}

func watch(_ version: Int, seconds: Int) -> String {
    "GET /api/v1/services?watch=true&allowWatchBookmarks=true&resourceVersion=\(version)&timeoutSeconds=\(seconds)"
}

let list = "GET /api/v1/services?limit=500"
let id = ClusterObject.ID.service(ObjectName("default", "a"))

struct ReflectorTests {
    /// With its list of one Service read, and its watch answered.
    private func watching() -> Watched {
        var watched = Watched(.services)
        _ = watched.handle(.started)
        _ = watched.answer([.element(service("a", version: 3)), page(5)])
        _ = watched.handle(.answered(code: 200), after: .seconds(1))
        return watched
    }

    @Test func aListIsReadInPagesAndThenWatched() {
        var watched = Watched(.services)
        #expect(watched.handle(.started) == ["list of services", list])
        #expect(watched.handle(.answered(code: 200)) == [])
        #expect(watched.handle(.read(.element(service("a", version: 3)))) == ["changed \(id)"])
        #expect(watched.handle(.read(page(5, next: "abc="))) == [])
        #expect(watched.handle(.ended) == [list + "&continue=abc%3D"])
        #expect(
            watched.answer([.element(service("a", version: 4)), page(5)])
                == ["changed \(id)", "end of services", watch(5, seconds: 245)])
        #expect(watched.handle(.answered(code: 200)) == ["heard services"])
    }

    @Test func eventsOfAWatchAreHandedOn() {
        var watched = watching()
        #expect(watched.handle(line("ADDED", service("a", version: 6))) == ["changed \(id)"])
        #expect(watched.handle(line("MODIFIED", service("a", version: 7))) == ["changed \(id)"])
        #expect(watched.handle(line("DELETED", service("a", version: 8))) == ["deleted \(id)"])
        #expect(watched.handle(line("BOOKMARK", ["metadata": ["resourceVersion": "20"]])) == ["heard services"])
        #expect(watched.handle(line("SOMETHING", [:])) == ["heard services"])
        // It goes on from the last version when the time that was asked for is over.
        #expect(watched.handle(.ended, after: .seconds(240)).first?.contains("resourceVersion=20&") == true)
    }

    @Test func aCutWatchGoesOnWhereItWas() {
        var watched = watching()
        #expect(watched.handle(.failed(.transport("cut")), after: .seconds(60)) == ["hang up", "lost services: cut"])
        #expect((.milliseconds(125)...(.milliseconds(250))).contains(watched.pause ?? .zero))
        #expect(watched.wait().first?.contains("resourceVersion=5&") == true)
    }

    @Test func threeRefusalsInARowLeadToAList() {
        var watched = watching()
        for _ in 0..<2 {
            _ = watched.answer([], code: 500)
            #expect(watched.wait().first?.contains("resourceVersion=5&") == true)
        }
        _ = watched.answer([], code: 500)
        #expect(watched.wait() == ["list of services", list])
    }

    @Test func aServerThatCannotBeReachedIsNotListedAgain() {
        var watched = watching()
        for _ in 0..<8 {
            _ = watched.handle(.failed(.transport("refused")))
            #expect(watched.wait().first?.contains("resourceVersion=5&") == true)
        }
    }

    @Test func anOldVersionLeadsToAListWithoutAWord() {
        let status: JSONValue = ["code": 410, "reason": "Expired", "message": "too old resource version"]
        var inTheWatch = watching()
        #expect(inTheWatch.handle(line("ERROR", status)) == ["hang up"])
        #expect(inTheWatch.wait() == ["list of services", list])

        var asTheAnswer = watching()
        _ = asTheAnswer.handle(.failed(.transport("cut")), after: .seconds(60))
        _ = asTheAnswer.wait()
        #expect(asTheAnswer.answer([.document(status)], code: 410) == ["hang up"])
        #expect(asTheAnswer.wait() == ["list of services", list])
    }

    @Test func anOldVersionAfterAnOutageIsNoFurtherFailure() {
        let status: JSONValue = ["code": 410, "reason": "Expired"]
        let shortest = Duration.milliseconds(125)...Duration.milliseconds(250)
        for isInTheWatch in [true, false] {
            var watched = watching()
            for _ in 0..<8 {
                _ = watched.handle(.failed(.transport("refused")))
                _ = watched.wait()
            }
            if isInTheWatch {
                #expect(watched.handle(.answered(code: 200)) == ["heard services"])
                #expect(watched.handle(line("ERROR", status)) == ["hang up"])
            } else {
                #expect(watched.answer([.document(status)], code: 410) == ["hang up"])
            }
            #expect(shortest.contains(watched.pause ?? .zero))
            // A server whose lists are too old for its watches is not listed all the time.
            for _ in 0..<7 {
                #expect(watched.wait() == ["list of services", list])
                _ = watched.answer([page(5)])
                _ = watched.handle(.answered(code: 200))
                _ = watched.handle(line("ERROR", status))
            }
            #expect((.seconds(15)...(.seconds(30))).contains(watched.pause ?? .zero))
        }
    }

    @Test func anotherHistoryLeadsToAList() {
        var watched = watching()
        #expect(
            watched.handle(
                line("ERROR", ["code": 504, "message": "Timeout: Too large resource version: 9, current: 2"]))
                == [
                    "hang up",
                    "lost services: the API server answered 504: Timeout: Too large resource version: 9, current: 2",
                ])
        #expect(watched.wait() == ["list of services", list])
    }

    @Test func aPageThatIsTooOldLeadsToTheWholeList() {
        var watched = Watched(.services)
        _ = watched.handle(.started)
        _ = watched.answer([page(5, next: "x")])
        #expect(watched.answer([.document(["code": 410, "reason": "Expired"])], code: 410) == ["hang up"])
        #expect(watched.wait() == ["list of services", list])
    }

    @Test func aServerThatWantsToBeLeftAloneIs() {
        var watched = Watched(.services)
        _ = watched.handle(.started)
        _ = watched.handle(.answered(code: 429, retryAfter: .seconds(8)))
        #expect(
            watched.handle(.ended) == ["hang up", "lost services: the API server answered 429"])
        #expect((.seconds(8)...(.seconds(10))).contains(watched.pause ?? .zero))
        #expect(watched.wait() == ["list of services", list])
    }

    @Test func aRefusalSaysWhatToDo() {
        var watched = Watched(.services)
        _ = watched.handle(.started)
        let status: JSONValue = ["code": 403, "message": "services is forbidden:\nUser \"x\""]
        #expect(
            watched.answer([.document(status)], code: 403) == [
                "hang up",
                "lost services: the API server answered 403: services is forbidden: User \"x\"; grant it in the "
                    + "ClusterRole of `bgpvip manifest daemonset --services`",
            ])
    }

    @Test func pausesDoubleUpToHalfAMinute() {
        var watched = Watched(.services)
        _ = watched.handle(.started)
        var pauses: [Duration] = []
        for _ in 0..<10 {
            _ = watched.handle(.failed(.transport("refused")))
            pauses.append(watched.pause ?? .zero)
            _ = watched.wait()
        }
        for (number, pause) in pauses.enumerated() {
            let most = min(Duration.milliseconds(250 << number), .seconds(30))
            #expect(pause >= most / 2 && pause <= most, "pause \(number)")
        }
    }

    @Test func aWatchThatEndsAtOnceIsAFailure() {
        var watched = watching()
        #expect(
            watched.handle(.ended, after: .milliseconds(10))
                == ["hang up", "lost services: the API server ends each watch at once"])
    }

    @Test func aListWithoutAnEndIsAFailure() {
        var watched = Watched(.services)
        _ = watched.handle(.started)
        #expect(
            watched.answer([.element(service("a", version: 1))]).last
                == "lost services: the answer of the API server cannot be read: a list has no end, or no version")
        #expect(watched.wait() == ["list of services", list])
        #expect(watched.answer([.document(["metadata": ["resourceVersion": ""]])]).count == 2)
    }

    @Test func aSilentListIsGivenUp() {
        var watched = Watched(.services)
        _ = watched.handle(.started)
        _ = watched.handle(.answered(code: 200), after: .seconds(29))
        #expect(watched.pause == .seconds(1))
        _ = watched.handle(.read(.element(service("a", version: 1))))
        #expect(watched.pause == .seconds(30))
        #expect(watched.wait() == ["hang up", "lost services: the API server did not answer within 30 s"])
    }

    @Test func aSilentWatchIsReplacedWithoutAWord() {
        var watched = watching()
        #expect(watched.pause == .seconds(75))
        #expect(watched.handle(line("BOOKMARK", [:]), after: .seconds(60)) == ["heard services"])
        #expect(watched.pause == .seconds(75))
        let steps = watched.wait()
        #expect(steps.count == 2 && steps.first == "hang up")
        #expect(steps.last?.contains("resourceVersion=5&") == true)
    }

    @Test func afterAFailureASilentWatchLeadsToAList() {
        var watched = watching()
        _ = watched.handle(.failed(.transport("cut")), after: .seconds(60))
        _ = watched.wait()
        _ = watched.handle(.answered(code: 200))
        #expect(watched.wait() == ["hang up", "list of services", list])

        var heard = watching()
        _ = heard.handle(.failed(.transport("cut")), after: .seconds(60))
        _ = heard.wait()
        _ = heard.handle(.answered(code: 200))
        _ = heard.handle(line("BOOKMARK", [:]))
        #expect(heard.wait().last?.contains("resourceVersion=5&") == true)
    }

    @Test func aWatchHasToBeAnswered() {
        var watched = watching()
        _ = watched.handle(.ended, after: .seconds(240))
        #expect(watched.wait() == ["hang up", "lost services: the API server did not answer within 30 s"])
    }

    @Test func whatIsNoEventIsAFailure() {
        var watched = watching()
        #expect(watched.handle(.read(.document(["kind": "Status"]))).first == "hang up")
        #expect(watched.wait() == ["list of services", list])
    }

    @Test func inputsOutOfOrderDoNothing() {
        var watched = Watched(.services)
        for input in [
            APIInput.ended, .answered(code: 200), .answered(code: 500), .read(page(3)), .deadlineReached,
            .failed(.transport("x")), line("ADDED", service("a", version: 1)),
        ] {
            #expect(watched.handle(input) == [])
        }
    }
}
