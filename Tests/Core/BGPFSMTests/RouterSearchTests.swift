import BGPFSM
import IPTypes
import Testing

/// The search for the router of an unnumbered peer, and when a dial sends its SYNs.
struct RouterSearchTests {
    private static let first = IPv6Address(high: 0xFE80 << 48, low: 1)
    private static let second = IPv6Address(high: 0xFE80 << 48, low: 2)
    private static let none = RouterSearch.Step.fail(.noNeighbour(interface: "eth0"))
    private static let several = RouterSearch.Step.fail(.severalNeighbours(interface: "eth0", [first, second]))

    @Test func theOnlyHostIsDialledAtOnce() {
        var search = RouterSearch(on: "eth0")
        #expect(search.seen(.router(Self.first)) == .dial(Self.first))
    }

    @Test func whereNoNeighbourIsSeenAllAreAskedOnce() {
        var search = RouterSearch(on: "eth0")
        #expect(search.seen(.noNeighbour) == .ask([]))
        #expect(search.nothingAsked == Self.none)
        #expect(search.seen(.noNeighbour) == Self.none)
    }

    @Test func thoseInDoubtAreAskedAfterAll() {
        var search = RouterSearch(on: "eth0")
        #expect(search.seen(.noNeighbour) == .ask([]))
        #expect(search.seen(.several([Self.first, Self.second])) == .ask([Self.first, Self.second]))
        #expect(search.nothingAsked == Self.several)
        #expect(search.seen(.several([Self.first, Self.second])) == Self.several)
    }

    @Test func neighboursInDoubtThatAreGoneCountAsNone() {
        var search = RouterSearch(on: "eth0")
        #expect(search.seen(.several([Self.first, Self.second])) == .ask([Self.first, Self.second]))
        #expect(search.seen(.noNeighbour) == Self.none)
        var other = RouterSearch(on: "eth0")
        #expect(other.seen(.several([Self.first, Self.second])) == .ask([Self.first, Self.second]))
        #expect(other.seen(.router(Self.second)) == .dial(Self.second))
    }

    @Test func whoIsAskedFollowsFromWhatIsSeen() {
        #expect(RouterSearch.Sight.router(Self.first).toAsk == nil)
        #expect(RouterSearch.Sight.noNeighbour.toAsk == [])
        #expect(RouterSearch.Sight.several([Self.first, Self.second]).toAsk == [Self.first, Self.second])
    }

    @Test func theFirstSYNWaitsToTheEndAndTheOthersForASecond() {
        #expect(
            DialPlan.attempt(left: .seconds(5), isAlone: true)
                == .init(timeout: .seconds(5), next: .milliseconds(200)))
        #expect(
            DialPlan.attempt(left: .milliseconds(4_800), isAlone: false)
                == .init(timeout: .seconds(1), next: .milliseconds(200)))
        #expect(
            DialPlan.attempt(left: .milliseconds(600), isAlone: false)
                == .init(timeout: .milliseconds(600), next: .milliseconds(200)))
        #expect(
            DialPlan.attempt(left: .milliseconds(200), isAlone: false)
                == .init(timeout: .milliseconds(200), next: nil))
    }
}
