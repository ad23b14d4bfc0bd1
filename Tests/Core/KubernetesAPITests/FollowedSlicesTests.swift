import Deadlines
import JSON
import KubernetesAPI
import Services
import Testing

/// Slices are asked for only for Services that are followed.
struct FollowedSlicesTests {
    private let a = ObjectName("default", "a")
    private let b = ObjectName("default", "b")

    private func list(_ names: String) -> String {
        "GET /apis/discovery.k8s.io/v1/endpointslices?labelSelector=kubernetes.io%2Fservice-name%20in%20%28\(names)%29"
            + "&limit=500"
    }

    private func slice(_ name: String, of service: String, in namespace: String = "default") -> JSONValue {
        [
            "metadata": [
                "name": .string(name), "namespace": .string(namespace),
                "labels": ["kubernetes.io/service-name": .string(service)],
            ], "addressType": "IPv4",
        ]
    }

    @Test func nothingIsAskedForWhileNothingIsFollowed() {
        var watched = Watched(.slices)
        #expect(watched.handle(.started) == [])
        #expect(watched.pause == nil)
    }

    @Test func severalServicesAreAskedForAtOnce() {
        var watched = Watched(.slices)
        _ = watched.handle(.started)
        #expect(watched.handle(.follow(b)) == [])
        #expect(watched.handle(.follow(a), after: .milliseconds(5)) == [])
        #expect(watched.pause == .milliseconds(15))
        #expect(watched.wait() == ["list of slices", list("a%2Cb")])
    }

    @Test func slicesOfOthersAreLeftOut() {
        var watched = Watched(.slices)
        _ = watched.handle(.follow(a))
        _ = watched.wait()
        #expect(
            watched.handle(.read(.element(slice("a-1", of: "a")))) == [
                "changed \(ClusterObject.ID.slice(ObjectName("default", "a-1")))"
            ])
        #expect(watched.handle(.read(.element(slice("a-2", of: "a", in: "other")))) == [])
        #expect(watched.handle(.read(.element(slice("b-1", of: "b")))) == [])
    }

    @Test func oneMoreServiceLeadsToAList() {
        var watched = Watched(.slices)
        _ = watched.handle(.follow(a))
        _ = watched.wait()
        _ = watched.answer([page(5)])
        _ = watched.handle(.answered(code: 200))
        #expect(watched.handle(.follow(a)) == [])
        #expect(watched.pause == .seconds(75))
        #expect(watched.handle(.follow(b)) == [])
        #expect(watched.wait() == ["hang up", "list of slices", list("a%2Cb")])
    }

    @Test func oneMoreServiceInTheMiddleOfAListWaitsForItsEnd() {
        var watched = Watched(.slices)
        _ = watched.handle(.follow(a))
        _ = watched.wait()
        _ = watched.handle(.follow(b))
        #expect(watched.pause == .seconds(30))
        #expect(watched.answer([page(5)]) == ["end of slices", "list of slices", list("a%2Cb")])
    }

    @Test func oneMoreServiceInAPauseIsInTheNextList() {
        var watched = Watched(.slices)
        _ = watched.handle(.follow(a))
        _ = watched.wait()
        _ = watched.handle(.failed(.transport("cut")))
        _ = watched.handle(.follow(b))
        #expect(watched.wait() == ["list of slices", list("a%2Cb")])
    }

    @Test func withoutTheLastServiceTheWatchEnds() {
        var watched = Watched(.slices)
        _ = watched.handle(.follow(a))
        _ = watched.handle(.follow(b))
        _ = watched.wait()
        _ = watched.answer([page(5)])
        #expect(watched.handle(.unfollow(b)) == [])
        #expect(watched.handle(.unfollow(a)) == ["hang up"])
        #expect(watched.pause == nil)
        #expect(watched.handle(.unfollow(a)) == [])
    }

    @Test func aSelectorThatIsTooLongIsLeftOut() {
        var watched = Watched(.slices)
        for number in 0..<1000 { _ = watched.handle(.follow(ObjectName("default", "service-\(number)"))) }
        #expect(watched.wait() == ["list of slices", "GET /apis/discovery.k8s.io/v1/endpointslices?limit=500"])
    }

    @Test func otherKindsAreSelectedToo() {
        var node = Watched(.node)
        #expect(
            node.handle(.started) == ["list of node", "GET /api/v1/nodes?fieldSelector=metadata.name%3Dn1&limit=500"])
        var claims = Watched(.claims)
        #expect(
            claims.handle(.started) == [
                "list of claims",
                "GET /apis/coordination.k8s.io/v1/namespaces/bgpvip/leases"
                    + "?labelSelector=app.kubernetes.io%2Fmanaged-by%3Dbgpvip&limit=500",
            ])
    }
}
