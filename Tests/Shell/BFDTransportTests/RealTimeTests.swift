import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import BFDTransport

@Suite struct RealTimeTests {
    @Test("The answer is true of the calling thread")
    func request() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (answer, policy) = try await group.next().submit { (RealTime.request(), sched_getscheduler(0)) }.get()
        try await group.shutdownGracefully()
        #expect([.granted, .raised, .refused(errno: EPERM)].contains(answer))
        #expect((policy & 0xF == SCHED_RR) == (answer == .granted))
    }

    @Test("What was granted is given back")
    func givenBack() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (granted, answer, policy) = try await group.next().submit {
            (RealTime.request() == .granted, RealTime.giveWay(), sched_getscheduler(0))
        }.get()
        try await group.shutdownGracefully()
        if granted { #expect(answer == .spent) }
        #expect(policy & 0xF == SCHED_OTHER)
    }

    @Test("The answer is told in words")
    func words() {
        #expect(RealTime.granted.description == "real-time scheduling")
        #expect(
            RealTime.refused(errno: EPERM).description == "ordinary scheduling (real-time needs CAP_SYS_NICE)")
        #expect(
            RealTime.raised.description
                == "the highest ordinary priority (the control group has no real-time budget)")
        #expect(RealTime.refused(errno: EINVAL).description == "ordinary scheduling (Invalid argument)")
    }
}
