import BGPWire
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// `bind: false`: others put the address on the node, and the kernel is asked whether they have.
struct LocalityTests {
    private static let v6 = IPPrefix(host: .v6(IPv6Address(high: 0x2001_0DB8_0000_0000, low: 9)))

    private func rack(_ prefix: IPPrefix = Rack.vip, started: Bool = true) -> Rack {
        var rack = Rack {
            $0.vips[0].binds = false
            $0.vips[0].prefix = prefix
        }
        if started {
            _ = rack.take(.started)
            _ = rack.take(.check("api", .outcome(.passed)))
            rack.establish()
        }
        return rack
    }

    private func status(_ rack: Rack) -> VIPStatus { rack.speaker.status(version: "1", at: rack.now).vips[0] }

    @Test func nothingIsAdvertisedBeforeTheKernelHasAnswered() {
        var rack = rack()
        #expect(status(rack).advertisedTo == 0)
        #expect(status(rack).reason == "healthy, but the kernel has not said yet whether the address is local")
        #expect(
            rack.take(.localityFound([Rack.vip], isLocal: true)) == [
                Rack.send(Rack.announcement), .report(.advertised(Rack.tor, [Rack.vip])),
            ])
        #expect(status(rack).reason == "healthy and left to others to bind")
        #expect(status(rack).bindError == nil)
        // That it is still there is no news.
        #expect(rack.take(.localityFound([Rack.vip], isLocal: true)) == [])
    }

    @Test func whatTheKernelDoesNotHaveIsNotAdvertisedAndTheReasonSaysWhatToDo() {
        var rack = rack()
        #expect(rack.take(.localityFound([Rack.vip], isLocal: false)) == [.report(.notLocal([Rack.vip]))])
        let absence =
            "the address is not local on this node: put it on an interface, or add a route to it (ip route add local 10.255.0.1 dev lo), or set bind to true"
        #expect(status(rack).reason == "healthy, but \(absence)")
        #expect(status(rack).bindError == absence)
        #expect(rack.take(.localityFound([Rack.vip], isLocal: false)) == [])
        #expect(
            rack.take(.localityFound([Rack.vip], isLocal: true)) == [
                .report(.becameLocal([Rack.vip])), Rack.send(Rack.announcement),
                .report(.advertised(Rack.tor, [Rack.vip])),
            ])
    }

    @Test func whatTheKernelLosesIsWithdrawnAtOnce() {
        var rack = rack()
        _ = rack.take(.localityFound([Rack.vip], isLocal: true))
        #expect(
            rack.take(.localityFound([Rack.vip], isLocal: false)) == [
                .report(.notLocal([Rack.vip])), Rack.send(Rack.withdrawal),
                .report(.withdrawn(Rack.tor, [Rack.vip])),
            ])
        // Its service recovers from something else meanwhile: still nothing.
        _ = rack.take(.check("api", .outcome(.failed(reason: "refused", definitive: true))))
        #expect(status(rack).advertisedTo == 0)
    }

    @Test func anAddressOfIPv6HasItsOwnCommand() {
        var rack = rack(Self.v6)
        _ = rack.take(.localityFound([Self.v6], isLocal: false))
        #expect(status(rack).reason.contains("(ip -6 route add local 2001:db8::9 dev lo)"))
    }

    @Test func aShorterPrefixMayBeBehindTheNodeAndIsNotAskedAbout() throws {
        let rack = rack(try #require(IPPrefix(.v4(IPv4Address(0xC000_0200)), length: 28)))
        #expect(rack.speaker.vipsLeftToOthers == [])
        #expect(status(rack).advertisedTo == 1)
        #expect(self.rack().speaker.vipsLeftToOthers == [Rack.vip])
    }

    @Test func whatThisNodeBindsItselfIsNotAskedAbout() {
        var rack = Rack.inService()
        #expect(rack.speaker.vipsLeftToOthers == [])
        #expect(rack.take(.localityFound([Rack.vip], isLocal: false)) == [])
        #expect(status(rack).advertisedTo == 1)
    }
}
