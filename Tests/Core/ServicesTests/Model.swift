import Deadlines
import Health
import IPTypes
import Services

/// An API server and the nodes that watch it, with everything that real ones do to a client: each kind on a stream of its
/// own, so that one may be far behind another; streams that break, and lists after them; answers that are lost.
struct Model {
    struct Client {
        var machine: Services
        /// What the API server has sent and the node has not read, by kind.
        var streams: [ClusterObject.Kind: [Services.Event]] = [:]
        /// What the node has asked for and the API server has not done.
        var requests: [Services.Step] = []
        var answers: [Services.Event] = []
        var isAway = false
        /// What was read of the streams.
        var view = Objects()
        var followed: Set<ObjectName> = []
    }

    /// The objects of a cluster.
    struct Objects: Equatable {
        var services: [ObjectName: Service] = [:]
        var slices: [ObjectName: EndpointSlice] = [:]
        var nodes: [String: Node] = [:]
        var claims: [IPAddress: Claim] = [:]

        subscript(kind: ClusterObject.Kind) -> [ClusterObject] {
            switch kind {
            case .services: services.sorted { $0.key < $1.key }.map { .service($0.value) }
            case .slices: slices.sorted { $0.key < $1.key }.map { .slice($0.value) }
            case .node: nodes.sorted { $0.key < $1.key }.map { .node($0.value) }
            case .claims: claims.sorted { $0.key < $1.key }.map { .claim($0.value) }
            }
        }

        mutating func take(_ object: ClusterObject) {
            switch object {
            case .service(let service): services[service.name] = service
            case .slice(let slice): slices[slice.name] = slice
            case .node(let node): nodes[node.name] = node
            case .claim(let claim): claims[claim.address] = claim
            }
        }

        mutating func remove(_ id: ClusterObject.ID) {
            switch id {
            case .service(let name): services[name] = nil
            case .slice(let name): slices[name] = nil
            case .node(let name): nodes[name] = nil
            case .claim(let address): claims[address] = nil
            }
        }
    }

    var random: SeededGenerator
    var now = at(.zero)
    var truth = Objects()
    var clients: [Client] = []
    var configuration: ServicesConfiguration
    private var version = 0

    init(seed: UInt64, nodes: Int, configuration: ServicesConfiguration) {
        random = SeededGenerator(seed: seed)
        self.configuration = configuration
        for number in 0..<nodes {
            put(.node(Node(name: "n\(number)")))
            clients.append(Client(machine: Services(nodeName: "n\(number)")))
            start(number)
        }
    }

    mutating func nextVersion() -> String {
        version += 1
        return "\(version)"
    }

    // MARK: - The API server

    /// Writes an object, and sends it to those who watch.
    mutating func put(_ object: ClusterObject) {
        var object = object
        if case .service(var service) = object {
            service.resourceVersion = nextVersion()
            object = .service(service)
        }
        truth.take(object)
        send(.changed(object), object.id)
    }

    mutating func delete(_ id: ClusterObject.ID) {
        truth.remove(id)
        send(.deleted(id), id)
    }

    private mutating func send(_ event: Services.Event, _ id: ClusterObject.ID) {
        for index in clients.indices where !clients[index].isAway && isSeen(id, by: index) {
            clients[index].streams[id.kind, default: []].append(event)
        }
    }

    private func isSeen(_ id: ClusterObject.ID, by client: Int) -> Bool {
        if case .node(let name) = id { return name == clients[client].machine.nodeName }
        return true
    }

    // MARK: - Nodes

    /// The process of a node starts, and knows nothing.
    mutating func start(_ client: Int) {
        clients[client] = Client(machine: Services(nodeName: clients[client].machine.nodeName))
        handle(.configured(configuration), client)
        for kind in ClusterObject.Kind.allCases { list(kind, client) }
    }

    /// The node lists a kind, as it does at first and after a 410; what it was sent and has not read is void.
    mutating func list(_ kind: ClusterObject.Kind, _ client: Int) {
        let objects = truth[kind].filter { isSeen($0.id, by: client) }
        clients[client].streams[kind] = [.listBegan(kind)] + objects.map { .changed($0) } + [.listEnded(kind)]
    }

    mutating func partition(_ client: Int) {
        clients[client].isAway = true
        clients[client].streams = [:]
        for kind in ClusterObject.Kind.allCases { handle(.lost(kind, reason: "connection refused"), client) }
    }

    mutating func reconnect(_ client: Int) {
        clients[client].isAway = false
        for kind in ClusterObject.Kind.allCases { list(kind, client) }
    }

    @discardableResult
    mutating func handle(_ event: Services.Event, _ client: Int) -> [Services.Step] {
        switch event {
        case .changed(let object): clients[client].view.take(object)
        case .deleted(let id): clients[client].view.remove(id)
        case .listEnded(let kind):
            // What the list did not contain is gone; here the list is what was read of it.
            let kept = Set(listed[client, default: [:]][kind, default: []])
            for object in clients[client].view[kind] where !kept.contains(object.id) {
                clients[client].view.remove(object.id)
            }
        default: break
        }
        note(event, client)
        let steps = clients[client].machine.handle(event, at: now)
        perform(steps, client)
        return steps
    }

    /// What was read of the list that a node reads at present.
    private var listed: [Int: [ClusterObject.Kind: [ClusterObject.ID]]] = [:]

    private mutating func note(_ event: Services.Event, _ client: Int) {
        switch event {
        case .listBegan(let kind): listed[client, default: [:]][kind] = []
        case .changed(let object): listed[client, default: [:]][object.id.kind, default: []].append(object.id)
        case .deleted(let id): listed[client, default: [:]][id.kind, default: []].removeAll { $0 == id }
        default: break
        }
    }

    private mutating func perform(_ steps: [Services.Step], _ client: Int) {
        for step in steps {
            switch step {
            case .follow(let name):
                clients[client].followed.insert(name)
                // Those that are there come with the next words of the stream.
                for slice in truth.slices.values.sorted(by: { $0.name < $1.name })
                where slice.service == name && !clients[client].isAway {
                    clients[client].streams[.slices, default: []].append(.changed(.slice(slice)))
                }
            case .unfollow(let name): clients[client].followed.remove(name)
            case .claim, .release, .writeStatus: clients[client].requests.append(step)
            case .advertise, .open, .change, .close, .probe, .post: break
            }
        }
    }

    // MARK: - Progress

    /// One node reads one word of one stream; false if there was none to read.
    mutating func read(_ client: Int, _ kind: ClusterObject.Kind) -> Bool {
        guard let event = clients[client].streams[kind]?.first else { return false }
        clients[client].streams[kind]?.removeFirst()
        handle(event, client)
        return true
    }

    /// The API server does what one node has asked for; false if there was nothing to do. With `isLost` the node does not hear
    /// that it was done.
    mutating func serve(_ client: Int, isLost: Bool = false) -> Bool {
        guard !clients[client].requests.isEmpty else { return false }
        let request = clients[client].requests.removeFirst()
        let isAway = clients[client].isAway
        switch request {
        case .claim(let address, let holder):
            if isAway {
                clients[client].answers.append(.claimFailed(address, reason: "connection refused"))
            } else if let claim = truth.claims[address] {
                let isGone = random.next() % 8 == 0
                clients[client].answers.append(.claimRefused(address, by: isGone ? nil : claim))
            } else {
                let claim = Claim(address: address, holder: holder, uid: "lease\(nextVersion())")
                put(.claim(claim))
                clients[client].answers.append(
                    isLost ? .claimFailed(address, reason: "timeout") : .claimCreated(claim))
            }
        case .release(let claim):
            if !isAway, truth.claims[claim.address] == claim {
                delete(.claim(claim.address))
            } else {
                clients[client].answers.append(.releaseFailed(claim.address, reason: "conflict"))
            }
        case .writeStatus(let status):
            if !isAway, var service = truth.services[status.service], service.uid == status.uid,
                service.resourceVersion == status.resourceVersion
            {
                service.ingress = status.ingress
                put(.service(service))
                clients[client].answers.append(
                    isLost ? .statusFailed(status.service, reason: "timeout") : .statusWritten(status.service))
            } else {
                clients[client].answers.append(.statusFailed(status.service, reason: "conflict"))
            }
        default: break
        }
        return true
    }

    /// A node hears one answer; false if there was none.
    mutating func answer(_ client: Int) -> Bool {
        guard let event = clients[client].answers.first else { return false }
        clients[client].answers.removeFirst()
        handle(event, client)
        return true
    }

    /// Time passes up to the next deadline of any node, or by this much if that is sooner.
    mutating func pass(_ duration: Duration) {
        let next = clients.map(\.machine.nextDeadline).earliest()
        now = max(now, min(next ?? now + duration, now + duration))
        for index in clients.indices where clients[index].machine.nextDeadline.map({ $0 <= now }) ?? false {
            handle(.deadlineReached, index)
        }
    }

    /// Everything that is under way arrives, and then time passes until nothing has been for this long.
    mutating func quieten(for duration: Duration) {
        for index in clients.indices where clients[index].isAway { reconnect(index) }
        let end = now + duration
        while true {
            var isBusy = false
            for index in clients.indices {
                while serve(index) || answer(index) { isBusy = true }
                for kind in ClusterObject.Kind.allCases { while read(index, kind) { isBusy = true } }
            }
            if isBusy { continue }
            guard now < end else { return }
            pass(end - now)
        }
    }
}
