import Deadlines
import IPTypes
import JSON
import KubernetesAPI
import Services
import Testing

struct WriteQueueTests {
    private var queue = WriteQueue(nodeName: "n1", namespace: "bgpvip", seed: 1)
    private var now = Instant(nanoseconds: 0)
    private let a = IPAddress.v4(IPv4Address(0xC000_0201))
    private let b = IPAddress.v4(IPv4Address(0xC000_0202))

    private mutating func handle(_ input: APIInput) -> [String] {
        queue.handle(input, at: now).map { output in
            switch output {
            case .ask(let request): "\(request.method.rawValue) \(request.target.split(separator: "/").last ?? "")"
            case .hangUp: "hang up"
            case .event(.claimFailed(let address, let reason)): "\(address): \(reason)"
            case .event(.claimRefused(let address, let claim)):
                "\(address) has \(claim.map { "\($0.holder)" } ?? "nobody")"
            case .event(.claimCreated(let claim)): "\(claim.address) is ours"
            case .event(let event): "\(event)"
            }
        }
    }

    private mutating func claim(_ address: IPAddress) -> [String] {
        handle(.write(.claim(address, for: .sharing(key: "k")), WallTime(milliseconds: 0)))
    }

    private mutating func answer(_ code: Int, _ json: JSONValue? = nil, retryAfter: Duration? = nil) -> [String] {
        var steps = handle(.answered(code: code, retryAfter: retryAfter))
        if let json { steps += handle(.read(.document(json))) }
        return steps + handle(.ended)
    }

    private mutating func wait() -> [String] {
        now = queue.nextDeadline ?? now
        return handle(.deadlineReached)
    }

    private func lease(_ name: String, _ holder: String) -> JSONValue {
        ["metadata": ["name": .string(name)], "spec": ["holderIdentity": .string(holder)]]
    }

    @Test mutating func oneThingIsWrittenAfterTheOther() {
        #expect(claim(a) == ["POST leases"])
        #expect(claim(b) == [])
        #expect(answer(201, lease("lb-192-0-2-1", "sharing:k")) == ["192.0.2.1 is ours", "POST leases"])
        #expect(answer(409) == ["GET lb-192-0-2-2"])
        #expect(answer(200, lease("lb-192-0-2-2", "x")) == ["192.0.2.2 has x"])
        #expect(queue.nextDeadline == Instant(nanoseconds: 10_000_000_000))
        #expect(wait() == ["hang up"])
        #expect(queue.nextDeadline == nil)
    }

    @Test mutating func afterAFailureTheRestWaits() {
        _ = claim(a)
        _ = claim(b)
        #expect(handle(.failed(.transport("cut"))) == ["hang up", "192.0.2.1: cut"])
        #expect(handle(.ended) == [])
        let pause = (queue.nextDeadline ?? now) - now
        #expect(pause >= .milliseconds(125) && pause <= .milliseconds(250))
        #expect(wait() == ["POST leases"])
        #expect(wait() == ["hang up", "192.0.2.2: the API server did not answer within 30 s"])
    }

    @Test mutating func aServerThatWantsToBeLeftAloneIs() {
        _ = claim(a)
        #expect(
            answer(429, ["message": "slow down"], retryAfter: .seconds(4)) == [
                "hang up", "192.0.2.1: the API server answered 429: slow down",
            ])
        #expect(claim(b) == [])
        #expect((queue.nextDeadline ?? now) - now >= .seconds(4))
        #expect(wait() == ["POST leases"])
    }

    @Test mutating func aKeptConnectionThatEndsIsNoFailure() {
        _ = claim(a)
        _ = answer(201, lease("lb-192-0-2-1", "sharing:k"))
        #expect(handle(.failed(.transport("closed"))) == ["hang up"])
        #expect(claim(b) == ["POST leases"])
    }

    @Test mutating func otherInputsDoNothing() {
        for input in [
            APIInput.started, .ended, .answered(code: 200), .follow(ObjectName("a", "b")), .deadlineReached,
            .write(.probe("x"), WallTime(milliseconds: 0)), .failed(.transport("x")), .read(.document(.null)),
        ] {
            #expect(handle(input) == [])
        }
    }
}
