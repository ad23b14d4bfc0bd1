import Deadlines
import IPTypes
import RandomSeeds
import Services
import Testing

/// Random histories of a small cluster, each from a seed.
@Suite("Whatever the order of events")
struct HistoryTests {
    @Test(
        "No address is doubled or moved, what cannot be carried is not advertised, and in the end all agree",
        arguments: Seeds.batches(1000))
    func histories(seeds: Range<UInt64>) {
        for seed in seeds {
            var history = History(seed: seed)
            for _ in 0..<150 { history.step() }
            history.end()
            #expect(history.faults == [], "\(Seeds.repeated(seed))")
        }
    }

    @Test("Two nodes that claim from one pool at once never give one address twice, and lose none")
    func contention() throws {
        for seed in 0..<1000 as Range<UInt64> {
            var model = Model(seed: seed, nodes: 2, configuration: .plain("192.0.2.0/28"))
            model.quieten(for: .seconds(1))
            for round in 0..<10 {
                model.put(.service(.ours(ObjectName("default", "s\(round)"), uid: "u\(round)")))
            }
            while model.truth.services.values.contains(where: \.ingress.isEmpty) {
                let client = Int(model.random.next() % 2)
                switch model.random.next() % 4 {
                case 0: model.pass(.milliseconds(20))
                case 1: _ = model.serve(client)
                case 2: _ = model.answer(client)
                default: _ = model.read(client, ClusterObject.Kind.allCases[Int(model.random.next() % 4)])
                }
                try #require(model.now < at(.seconds(60)), "seed \(seed)")
            }
            let given = model.truth.services.values.flatMap { $0.ingress.map(\.address) }
            try #require(Set(given).count == 10 && given.count == 10, "seed \(seed)")
            model.quieten(for: .seconds(120))
            try #require(Set(model.truth.claims.keys) == Set(given), "seed \(seed)")
        }
    }
}

/// One random history, and what was wrong in it.
struct History {
    var model: Model
    var faults: [String] = []
    /// The address that each Service has had, by UID and family.
    private var given: [String: IPAddress] = [:]
    private var made = 0

    init(seed: UInt64) {
        var configuration = ServicesConfiguration.plain("192.0.2.0/29", "2001:db8::/126")
        configuration.clusterPolicyNeedsEndpoint = seed % 3 == 0
        model = Model(seed: seed, nodes: 3, configuration: configuration)
    }

    private mutating func pick(_ count: Int) -> Int { Int(model.random.next() % UInt64(max(count, 1))) }

    private mutating func name() -> ObjectName { ObjectName("default", "s\(pick(5))") }

    /// Something happens.
    mutating func step() {
        let client = pick(model.clients.count)
        let before = model.clients[client].machine.vips
        switch pick(40) {
        case 0, 1: put()
        case 2: if let name = model.truth.services.keys.sorted().first, pick(2) == 0 { model.delete(.service(name)) }
        case 3, 4, 5: putSlice()
        case 6: deleteSlice()
        case 7: putNode()
        case 8: model.start(client)
        case 9:
            model.partition(client)
            if model.clients[client].machine.vips != before { faults.append("withdrawn because the API is away") }
        case 10: if model.clients[client].isAway { model.reconnect(client) }
        case 11: if !model.clients[client].isAway { model.list(ClusterObject.Kind.allCases[pick(4)], client) }
        case 12, 13, 14: model.pass(.milliseconds(Int64(pick(2000))))
        case 15: model.pass(.seconds(90))
        case 16: _ = model.serve(client, isLost: true)
        case 17...20: _ = model.serve(client)
        case 21...24: _ = model.answer(client)
        default:
            let kind = ClusterObject.Kind.allCases[pick(4)]
            for _ in 0...pick(6) where !model.clients[client].isAway { _ = model.read(client, kind) }
        }
        checkStatuses()
        for index in model.clients.indices { checkCarried(index) }
    }

    /// Quiet comes, and all nodes agree.
    mutating func end() {
        model.quieten(for: .seconds(900))
        checkStatuses()
        for index in model.clients.indices {
            checkCarried(index)
            let due = Set(model.truth.services.values.flatMap { wanted($0, model.truth, index) })
            let vips = Set(model.clients[index].machine.vips.keys.map(\.address))
            if vips != due { faults.append("n\(index) has \(vips), not \(due)") }
        }
        let shown = Set(model.truth.services.values.flatMap { $0.ingress.map(\.address) })
        if shown != Set(model.truth.claims.keys) { faults.append("claims \(model.truth.claims.keys), shown \(shown)") }
        // There is an address for each of five Services in each family, but not in the smaller IPv6 pool.
        for service in model.truth.services.values
        where service.ingress.isEmpty && service.families.first == .ipv4 && service.familyPolicy != .requireDual {
            faults.append("\(service.name) has no address")
        }
    }

    private mutating func put() {
        let name = name()
        if var service = model.truth.services[name] {
            service.trafficPolicy = service.trafficPolicy == .local ? .cluster : .local
            return model.put(.service(service))
        }
        made += 1
        let choice = pick(4)
        model.put(
            .service(
                .ours(
                    name, uid: "u\(made)", families: choice == 0 ? [.ipv6] : choice == 1 ? [.ipv4] : [.ipv4, .ipv6],
                    policy: choice < 2 ? .single : choice == 2 ? .preferDual : .requireDual,
                    traffic: pick(2) == 0 ? .local : .cluster)))
    }

    private mutating func putSlice() {
        let states = ["ready", "ending", "down"]
        let isIPv4 = pick(2) == 0
        model.put(
            .slice(
                .of(
                    name(), isIPv4 ? "v4-\(pick(2))" : "v6", family: isIPv4 ? .ipv4 : .ipv6,
                    ("n\(pick(3))", states[pick(3)]), ("n\(pick(3))", states[pick(3)]))))
    }

    private mutating func deleteSlice() {
        let names = model.truth.slices.keys.sorted()
        if !names.isEmpty { model.delete(.slice(names[pick(names.count)])) }
    }

    private mutating func putNode() {
        model.put(.node(Node(name: "n\(pick(3))", isExcluded: pick(3) == 0, isNetworkUnavailable: pick(4) == 0)))
    }

    private mutating func checkStatuses() {
        var owners: [IPAddress: ObjectName] = [:]
        for service in model.truth.services.values {
            for ingress in service.ingress {
                if let other = owners.updateValue(service.name, forKey: ingress.address) {
                    faults.append("\(ingress.address) is of \(other) and \(service.name)")
                }
                let key = "\(service.uid) \(ingress.address.isIPv4)"
                let old = given.updateValue(ingress.address, forKey: key)
                if let old, old != ingress.address { faults.append("\(service.name) moved from \(old)") }
            }
        }
    }

    /// What a node advertises follows from what it has read.
    private mutating func checkCarried(_ index: Int) {
        let view = model.clients[index].view
        let carried = Set(view.services.values.flatMap { wanted($0, view, index, settles: true) })
        let vips = Set(model.clients[index].machine.vips.keys.map(\.address))
        if !vips.isSubset(of: carried) { faults.append("n\(index) advertises \(vips.subtracting(carried))") }
    }

    /// The addresses of a Service that a node is to advertise; with `settles`, those that it may still advertise too.
    private func wanted(
        _ service: Service, _ objects: Model.Objects, _ index: Int, settles: Bool = false
    ) -> [IPAddress] {
        let name = "n\(index)"
        guard let node = objects.nodes[name], !node.isExcluded, !node.isNetworkUnavailable else { return [] }
        if service.familyPolicy == .requireDual, service.ingress.count < 2 { return [] }
        return service.ingress.map(\.address).filter { address in
            let endpoints = objects.slices.values.filter {
                $0.service == service.name && $0.family == Service.Family(of: address)
            }.flatMap(\.endpoints)
            let ready = endpoints.filter(\.isReady)
            let ending = endpoints.filter { !$0.isReady && $0.isServing }
            guard service.trafficPolicy == .local || model.configuration.clusterPolicyNeedsEndpoint else {
                return !ready.isEmpty || !ending.isEmpty
            }
            if ready.contains(where: { $0.nodeName == name }) { return true }
            return (ready.isEmpty || settles) && ending.contains { $0.nodeName == name }
        }
    }
}
