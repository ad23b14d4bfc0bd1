import BGPFSM
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// A status that is too much for one answer, page by page.
struct StatusPageTests {
    private static func prefix(_ number: Int) -> IPPrefix {
        IPPrefix(host: .v4(IPv4Address(0x0A80_0000 + UInt32(number))))
    }

    /// In service with so many VIPs and two peers; the second has no session, and not all VIPs are meant for it.
    private static func rack(vips: Int) -> Rack {
        var rack = Rack(peers: [Rack.tor, Rack.secondToR]) { settings in
            settings.vips = (0..<vips).map { number in
                var vip = VIPSettings(prefix: prefix(number), checks: ["api"])
                vip.peers = number % 7 == 0 ? [Rack.tor] : nil
                return vip
            }
        }
        _ = rack.take(.started)
        _ = rack.take(.check("api", .outcome(.passed)))
        _ = rack.take(.bound((0..<vips).map(prefix)))
        rack.establish()
        return rack
    }

    private static func page(_ rack: Rack, _ scope: StatusScope) -> Status {
        rack.speaker.statusPage(scope, version: "1", at: rack.now)
    }

    /// All pages, put together, and how many there were.
    private static func all(_ rack: Rack, _ scope: StatusScope) -> (whole: Status, count: Int) {
        var whole = page(rack, scope)
        var count = 1
        while let next = whole.next {
            var more = scope
            more.position = next
            whole.append(page(rack, more))
            count += 1
        }
        return (whole, count)
    }

    @Test func `what is little is given as a whole`() {
        let rack = Self.rack(vips: 40)
        let whole = rack.speaker.status(version: "1", at: rack.now)
        #expect(Self.page(rack, StatusScope()) == whole)
        var without = whole
        without.peers[0].routes = []
        for index in without.peers.indices { without.peers[index].obstacles = nil }
        #expect(Self.page(rack, StatusScope(routes: .none)) == without)
    }

    @Test func `the pages put together are the whole`() {
        let rack = Self.rack(vips: 1000)
        var whole = rack.speaker.status(version: "1", at: rack.now)
        let (pages, count) = Self.all(rack, StatusScope())
        #expect(count > 3)
        whole.peers[0].routes.sort { $0.prefix < $1.prefix }
        var sorted = pages
        sorted.peers[0].routes.sort { $0.prefix < $1.prefix }
        #expect(sorted == whole)
        #expect(whole.peers[0].routes.count == 1000)
        #expect(whole.peers[1].obstacles?.count == 143)
        #expect(whole.peers.map(\.total) == [1000, 857])
        let (one, _) = Self.all(rack, StatusScope(routes: .of("\(Rack.secondToR)")))
        #expect(one.peers[0].routes.isEmpty && one.peers[1].obstacles == whole.peers[1].obstacles)
        #expect(one.vips == whole.vips)
    }

    @Test func `no page holds more than its costs allow`() {
        let rack = Self.rack(vips: 1000)
        var scope = StatusScope()
        repeat {
            let page = Self.page(rack, scope)
            let routes = (page.routePages ?? []).reduce(0) { $0 + $1.routes.count }
            #expect(page.vips.count * 32 + routes * 25 <= 10_032)
            scope.position = page.next ?? 0
        } while scope.position > 0
        // A place behind the end is no place.
        scope.position = 1_000_000
        #expect(Self.page(rack, scope).next == nil)
    }

    @Test func `of one VIP there are its checks, its routes and all peers`() {
        let rack = Self.rack(vips: 1000)
        let whole = rack.speaker.status(version: "1", at: rack.now)
        let page = Self.page(rack, StatusScope(routes: .none, vip: Self.prefix(7)))
        #expect(page.next == nil && page.vips == [whole.vips[7]] && page.checks == whole.checks)
        #expect(page.peers.map { $0.routes.map(\.prefix) } == [["10.128.0.7/32"], []])
        #expect(page.peers.map(\.obstacles) == [nil, ["10.128.0.7/32": "not meant for this peer"]])
        let none = Self.page(rack, StatusScope(vip: Rack.vip))
        #expect(none.vips.isEmpty && none.checks.isEmpty && none.peers.count == 2)
    }

    @Test func `rows are the first of each kind`() {
        let rack = Self.rack(vips: 1000)
        let whole = rack.speaker.status(version: "1", at: rack.now)
        let (some, _) = Self.all(rack, StatusScope(routes: .none, rows: 1))
        #expect(some.peers.map(\.address) == ["\(Rack.tor)"])
        #expect(some.checks == whole.checks)
        #expect(some.vips == [whole.vips[0]])
        let (more, count) = Self.all(rack, StatusScope(routes: .none, rows: 700))
        #expect(more.vips == Array(whole.vips.prefix(700)) && more.peers.count == 2)
        #expect(count == 3)
        #expect(rack.speaker.partCounts == PartCounts(peers: 2, checks: 1, vips: 1000))
    }

    @Test func `metrics have no routes if these are very many`() {
        func scope(vips: Int) -> StatusScope {
            let peers = (0..<500).map { ScopedAddress(.v4(IPv4Address(0x0A00_0000 + UInt32($0)))) }
            let rack = Rack(peers: peers) { settings in
                settings.vips = (0..<vips).map { VIPSettings(prefix: Self.prefix($0), checks: ["api"]) }
            }
            return rack.speaker.metricsScope
        }
        #expect(scope(vips: 200) == StatusScope(routes: .all))
        #expect(scope(vips: 201) == StatusScope(routes: .none))
    }
}
