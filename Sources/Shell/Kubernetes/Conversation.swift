import Deadlines
import JSON
import KubernetesAPI
import NIOCore
import Services

/// One machine with its connection and its timer: performs what it wants, and tells it what comes of it.
///
/// On the event loop; events come on the loop.
final class Conversation<Machine: APIMachine> {
    private var machine: Machine
    private let loop: any EventLoop
    private let onEvents: ([Services.Event]) -> Void
    private var connection: APIConnection?
    /// Reads the present answer; nil if its body is of no interest.
    private var reader: JSONReader?
    private var isRefusal = false
    /// Counts requests: what was read of an answer before the next one was sent is void.
    private var requests = 0
    private var timer: (deadline: Instant, task: Scheduled<Void>)?

    init(
        _ machine: Machine, on loop: any EventLoop, connect: (@escaping (APIReport) -> Void) -> APIConnection,
        onEvents: @escaping ([Services.Event]) -> Void
    ) {
        self.machine = machine
        self.loop = loop
        self.onEvents = onEvents
        connection = connect { [weak self] in self?.take($0) }
    }

    /// Nothing comes of it afterwards.
    func stop() {
        timer?.task.cancel()
        timer = nil
        connection?.close()
        connection = nil
    }

    func handle(_ input: APIInput) { handle([input]) }

    private func handle(_ inputs: [APIInput]) {
        var events: [Services.Event] = []
        let request = requests
        for input in inputs where connection != nil && request == requests {
            for output in machine.handle(input, at: .now()) {
                switch output {
                case .ask(let request):
                    requests += 1
                    reader = JSONReader(request.selection)
                    connection?.ask(request)
                case .hangUp:
                    requests += 1
                    reader = nil
                    connection?.close()
                case .event(let event): events.append(event)
                }
            }
        }
        armTimer()
        if !events.isEmpty { onEvents(events) }
    }

    private func take(_ report: APIReport) {
        switch report {
        case .head(let code, let retryAfter, let isJSON):
            isRefusal = !(200..<300).contains(code)
            // A proxy may refuse in HTML.
            if isRefusal, !isJSON { reader = nil }
            handle(.answered(code: code, retryAfter: retryAfter))
        case .body(let bytes): read(bytes)
        case .end:
            if let reader, !isRefusal, !reader.isBetweenDocuments {
                handle(.failed(.unreadable("it ends in the middle")))
            } else {
                handle(.ended)
            }
        case .failed(let failure): handle(.failed(failure))
        }
    }

    private func read(_ bytes: ByteBuffer) {
        guard var reader else { return }
        // Taken out, so that what it keeps is not copied.
        self.reader = nil
        var inputs: [APIInput] = []
        do throws(JSONError) {
            try reader.read(bytes.readableBytesUInt8Span) { inputs.append(.read($0)) }
            self.reader = reader
        } catch {
            if !isRefusal { inputs.append(.failed(.unreadable("\(error)"))) }
        }
        handle(inputs)
    }

    private func armTimer() {
        guard connection != nil, let deadline = machine.nextDeadline else {
            timer?.task.cancel()
            timer = nil
            return
        }
        // One that fires too early finds nothing due and is armed anew: moving it for each line would cost more.
        if let timer, timer.deadline <= deadline { return }
        timer?.task.cancel()
        let task = loop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(deadline.nanoseconds)) {
            [weak self] in
            guard let self else { return }
            timer = nil
            handle(.deadlineReached)
        }
        timer = (deadline, task)
    }
}

extension Instant {
    /// The clock that the loop's deadlines are on.
    fileprivate static func now() -> Instant { Instant(nanoseconds: NIODeadline.now().uptimeNanoseconds) }
}

@available(*, unavailable)
extension Conversation: Sendable {}
