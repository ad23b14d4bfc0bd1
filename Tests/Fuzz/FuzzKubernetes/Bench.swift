import Deadlines
import Fuzzing
import IPTypes
import JSON
import KubernetesAPI
import Services

/// A node that follows a cluster, without connections and clocks.
struct Bench {
    private var conversations: [Conversation]
    private var services = Services(nodeName: "n1")
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    private static let writes = 4

    init() {
        conversations = [ClusterObject.Kind.services, .slices, .node, .claims].map { kind in
            Conversation(Reflector(Collection(kind, nodeName: "n1", namespace: "bgpvip"), seed: 1))
        }
        conversations.append(Conversation(WriteQueue(nodeName: "n1", namespace: "bgpvip", seed: 1)))
        let ranges = ["192.0.2.0/28", "2001:db8::/124"].compactMap { AddressRange($0) }
        let configuration = ServicesConfiguration(
            takesUnclassed: true, pools: [AddressPool(name: "front", ranges: ranges)], kubeProxy: nil,
            probesEndpoints: false)
        tell(.configured(configuration))
        for index in conversations.indices { handle(.started, in: index) }
    }

    /// Does what a line says.
    mutating func step(_ line: Slice<UnsafeBufferPointer<UInt8>>) {
        guard let first = line.first else { return }
        let index = Int(first & 7) % conversations.count
        let argument = line.dropFirst(2)
        let number = Int(String(decoding: argument.prefix { $0 != 0x20 }, as: UTF8.self)).map { min(max($0, 0), 9999) }
        switch line.dropFirst().first {
        case UInt8(ascii: "a"):
            // The code, and the seconds of a Retry-After.
            let pause = argument.drop { $0 != 0x20 }.dropFirst()
            let seconds = Int64(String(decoding: pause, as: UTF8.self)).map { min(max(0, $0), 3600) }
            let code = number ?? 200
            conversations[index].isRefusal = !(200..<300).contains(code)
            handle(.answered(code: code, retryAfter: seconds.map { .seconds($0) }), in: index)
        case UInt8(ascii: "e"): end(index)
        case UInt8(ascii: "f"): handle(.failed(.transport("the connection broke")), in: index)
        case UInt8(ascii: "d"):
            now = max(now, conversations[index].machine.nextDeadline ?? now)
            handle(.deadlineReached, in: index)
            let next = conversations[index].machine.nextDeadline
            require(next.map { $0 > now } ?? true, "a deadline that was reached is still there")
        case UInt8(ascii: "s"):
            now = max(now, services.nextDeadline ?? now)
            tell(.deadlineReached)
            require(services.nextDeadline.map { $0 > now } ?? true, "a deadline that was reached is still there")
        case UInt8(ascii: "t"): now = now + .milliseconds(Int64(number ?? 1) * 10)
        // A part of a body; the whole line has the end of a line behind it.
        case UInt8(ascii: "p"): read(Array(argument), in: index)
        default: read(Array(argument) + [0x0A], in: index)
        }
    }

    private mutating func read(_ bytes: [UInt8], in index: Int) {
        guard var reader = conversations[index].reader else { return }
        var inputs: [APIInput] = []
        do throws(JSONError) {
            try reader.read(bytes.span) { inputs.append(.read($0)) }
            conversations[index].reader = reader
        } catch {
            conversations[index].reader = nil
            if !conversations[index].isRefusal { inputs.append(.failed(.unreadable("\(error)"))) }
        }
        let requests = conversations[index].requests
        for input in inputs where conversations[index].requests == requests { handle(input, in: index) }
    }

    private mutating func end(_ index: Int) {
        let isCut = conversations[index].reader.map { !$0.isBetweenDocuments } ?? false
        let isFailed = isCut && !conversations[index].isRefusal
        handle(isFailed ? .failed(.unreadable("it ends in the middle")) : .ended, in: index)
    }

    private mutating func handle(_ input: APIInput, in index: Int) {
        trace("\(index): \(input)")
        for event in conversations[index].handle(input, at: now) { tell(event) }
    }

    /// Tells the Services, and the conversations what these want.
    private mutating func tell(_ event: Services.Event) {
        for step in services.handle(event, at: now) {
            trace("   \(step)")
            check(step)
            switch step {
            case .follow(let name): handle(.follow(name), in: 1)
            case .unfollow(let name): handle(.unfollow(name), in: 1)
            case .claim, .release, .writeStatus, .post: handle(.write(step, WallTime(milliseconds: 0)), in: Self.writes)
            case .open, .change, .close, .probe, .advertise: break
            }
        }
    }

    /// Nothing is advertised or claimed that no pool has, and what is posted is one line.
    private func check(_ step: Services.Step) {
        switch step {
        case .advertise(let vips):
            for (prefix, vip) in vips where vip != nil {
                require(services.isComplete, "\(prefix) is advertised before all is known")
                require(isOurs(prefix.address), "\(prefix) is in no pool")
            }
        case .claim(let address, _): require(isOurs(address), "\(address) is in no pool")
        case .post(let notice):
            requireOneLine(notice.message)
            require(notice.name.utf8.allSatisfy { (0x21..<0x7F).contains($0) }, "\(notice.name) is no name")
        case .follow, .unfollow, .open, .change, .close, .probe, .release, .writeStatus: break
        }
    }

    private func isOurs(_ address: IPAddress) -> Bool {
        services.configuration.pools.contains { $0.contains(address) }
    }
}
