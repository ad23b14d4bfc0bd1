import Deadlines
import Fuzzing
import JSON
import KubernetesAPI
import Services

/// A machine with what its connection would keep for it.
struct Conversation {
    private(set) var machine: any APIMachine
    /// Reads the present answer; nil without one.
    var reader: JSONReader?
    var isRefusal = false
    /// Counts requests: what was read of an answer before the next one was sent is void.
    private(set) var requests = 0

    init(_ machine: some APIMachine) { self.machine = machine }

    /// Hands the machine an input, checks what it wants to be sent, and returns its events.
    mutating func handle(_ input: APIInput, at now: Instant) -> [Services.Event] {
        var events: [Services.Event] = []
        var asked = 0
        for output in machine.handle(input, at: now) {
            trace("   \(output)")
            switch output {
            case .ask(let request):
                asked += 1
                requests += 1
                isRefusal = false
                reader = JSONReader(request.selection)
                check(request)
                require(machine.nextDeadline != nil, "an answer is waited for without end")
            case .hangUp:
                requests += 1
                reader = nil
            case .event(let event):
                if case .lost(_, let reason) = event { requireOneLine(reason) }
                events.append(event)
            }
        }
        require(asked < 2, "two requests at once")
        return events
    }
}

/// A request line and a body that no text of the server can break out of.
private func check(_ request: APIRequest) {
    require(request.target.hasPrefix("/"), "\(request.target) is no path")
    require(request.target.utf8.allSatisfy { (0x21..<0x7F).contains($0) }, "\(request.target) is no target")
    require(request.target.utf8.count < 64_000, "a target of \(request.target.utf8.count) octets")
    require(request.body.isEmpty == (request.contentType == nil), "a body without a type, or a type without a body")
    guard !request.body.isEmpty else { return }
    var documents = 0
    var reader = JSONReader(.all)
    do throws(JSONError) {
        try reader.read(request.body.span) { _ in documents += 1 }
    } catch {
        require(false, "\(error) in \(String(decoding: request.body, as: UTF8.self))")
    }
    require(documents == 1 && reader.isBetweenDocuments, "\(documents) documents in a body")
}
