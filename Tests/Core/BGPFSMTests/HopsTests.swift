import BGPFSM
import Testing

/// The TTLs of packets to a peer and of those that are let in.
struct HopsTests {
    @Test(arguments: [
        (Hops.direct, 1, 0), (.kernelDefault, -1, 0), (.multihop(3), 3, 0), (.multihop(0), 1, 0),
        (.ttlSecurity(1), 255, 255), (.ttlSecurity(3), 255, 253), (.ttlSecurity(0), 255, 255),
        (.ttlSecurity(255), 255, 1),
    ])
    func eachDistanceHasItsTTLs(hops: Hops, sent: Int, leastReceived: Int) {
        #expect(Int(hops.sent) == sent)
        #expect(Int(hops.leastReceived) == leastReceived)
    }
}
