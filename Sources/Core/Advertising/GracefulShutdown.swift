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
}
