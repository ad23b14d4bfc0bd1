import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// What a service manager hears of a rack, datagram by datagram.
@Suite struct `What systemd hears` {
    private var notices = ServiceNotices()

    private mutating func datagram(_ rack: Rack) -> [String]? {
        notices.datagram(for: rack.speaker, at: rack.now)?.split(separator: "\n").map(String.init)
    }

    @Test mutating func `ready comes with the first verdict, and the status follows what changes`() {
        var rack = Rack()
        #expect(datagram(rack) == nil)
        _ = rack.take(.started)
        #expect(
            datagram(rack) == [
                "STATUS=0/1 peers Established, 10.255.0.1 not advertised: waiting for the first result of its checks"
            ])
        rack.becomeHealthy()
        #expect(
            datagram(rack) == [
                "READY=1",
                "STATUS=0/1 peers Established, 10.255.0.1 not advertised: healthy and bound, but no BGP session is Established",
            ])
        rack.establish()
        #expect(datagram(rack) == ["STATUS=1/1 peers Established, 10.255.0.1 advertised"])
        _ = rack.take(.deadlineReached, after: .seconds(1))
        _ = rack.take(.check("api", .outcome(.failed(reason: "refused\n\u{1B}[31m", definitive: true))))
        #expect(
            datagram(rack) == ["STATUS=1/1 peers Established, 10.255.0.1 not advertised: check api: refused  [31m"])
        #expect(datagram(rack) == nil)
    }

    @Test mutating func `a start that waits for the network is not ready`() {
        var speaker = Speaker(hostName: nil, seed: 1, at: Rack.start)
        _ = speaker.handle(.started, at: Rack.start)
        #expect(notices.datagram(for: speaker, at: Rack.start) == nil)
    }

    @Test mutating func `an unhealthy service is a decision, too`() {
        var rack = Rack()
        _ = rack.take(.started)
        _ = rack.take(.check("api", .outcome(.failed(reason: "refused", definitive: true))))
        #expect(
            datagram(rack) == [
                "READY=1", "STATUS=0/1 peers Established, 10.255.0.1 not advertised: check api: refused",
            ])
    }

    @Test mutating func `a node that is drained before it starts is ready`() {
        var rack = Rack()
        _ = rack.take(.drainFileFound(reason: "new kernel"))
        _ = rack.take(.started)
        #expect(
            datagram(rack) == [
                "READY=1", "STATUS=0/1 peers Established, 10.255.0.1 not advertised (drained: new kernel)",
            ])
    }

    @Test mutating func `several VIPs are counted`() {
        var rack = Rack { $0.vips.append(VIPSettings(prefix: IPPrefix(host: .v4(IPv4Address(1))), checks: ["api"])) }
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        #expect(datagram(rack) == ["READY=1", "STATUS=1/1 peers Established, 1/2 VIPs advertised"])
    }

    @Test mutating func `leaving asks for as much time as each step may take`() {
        var rack = Rack.inService(departure: DepartureSettings(settle: .seconds(5), linger: .seconds(120)))
        _ = datagram(rack)
        _ = rack.take(.terminationRequested(reason: "SIGTERM", isUrgent: false))
        #expect(
            datagram(rack) == [
                "STOPPING=1", "EXTEND_TIMEOUT_USEC=15000000",
                "STATUS=1/1 peers Established, 10.255.0.1 advertised (leaving: SIGTERM)",
            ])
        _ = rack.take(.deadlineReached, after: .seconds(5))
        #expect(
            datagram(rack) == [
                "EXTEND_TIMEOUT_USEC=11000000",
                "STATUS=1/1 peers Established, 10.255.0.1 not advertised (leaving: SIGTERM)",
            ])
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true), after: .milliseconds(1))
        #expect(datagram(rack) == ["EXTEND_TIMEOUT_USEC=130000000"])
    }

    @Test mutating func `a drain is no end of the process`() {
        var rack = Rack.inService()
        _ = datagram(rack)
        _ = rack.take(.drainRequested(reason: "kernel"))
        #expect(
            datagram(rack) == ["STATUS=1/1 peers Established, 10.255.0.1 not advertised (draining: kernel)"])
    }

    @Test mutating func `a reload begins at a time, and ends with ready`() {
        var rack = Rack()
        #expect(notices.reloading(at: rack.now) == nil)
        _ = rack.take(.started)
        rack.becomeHealthy()
        _ = datagram(rack)
        #expect(notices.reloading(at: rack.now) == "RELOADING=1\nMONOTONIC_USEC=1000000")
        #expect(datagram(rack) == ["READY=1"])
    }

    @Test func `a speaker whose deadline was missed is not alive`() throws {
        let rack = Rack.inService()
        let deadline = try #require(rack.speaker.nextDeadline)
        #expect(ServiceNotices.isAlive(rack.speaker, at: deadline + .milliseconds(999)))
        #expect(!ServiceNotices.isAlive(rack.speaker, at: deadline + .seconds(1)))
    }

    @Test func `a status fits into a datagram`() {
        #expect(ServiceNotices.status(String(repeating: "\u{1F600}", count: 5000)).utf8.count == 2007)
    }
}
