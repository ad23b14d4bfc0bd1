import BGPWire

extension RouteAttributes {
    /// The same route, marked as about to go (RFC 8326): routers that honour the community move to other paths while
    /// this one still carries traffic. Internal peers also get the lowest preference, as section 4.2 recommends.
    package var withGracefulShutdown: RouteAttributes {
        var route = self
        if !route.communities.contains(.gracefulShutdown) {
            route.communities.append(.gracefulShutdown)
        }
        route.localPreference = 0
        return route
    }

    /// The same route, such that a router prefers every other path of the same kind: for a VIP whose service is sick.
    ///
    /// Several marks, because which of them counts is the router's affair. LOCAL_PREF 0 comes first, by the community or
    /// directly from an internal peer; then the length of AS_PATH; then MED, between paths of one AS.
    package var asLastResort: RouteAttributes {
        var route = withGracefulShutdown
        route.multiExitDiscriminator = .max
        route.prepend += 3
        return route
    }
}
