package import NIOCore

/// A subscription to changes of the node's default routes, for as long as it is kept.
package final class RouteWatch: Sendable {
    private let watch: AddressWatch

    /// Subscribed when this returns. `onChange` is called on `loop`: something has changed, or may have. What the kernel
    /// does not announce, such as an IPv4 route that goes with its link, is not seen.
    package init(on loop: any EventLoop, onChange: @escaping @Sendable () -> Void) throws(NetlinkError) {
        watch = try AddressWatch(on: loop, subscribe: AddressWatch.openSocketForRoutes) { change in
            switch change {
            case .defaultRouteChanged, .resynchronise: onChange()
            case .added, .removed, .linkChanged, .interrupted: break
            }
        }
    }

    deinit {
        watch.stop()
    }
}
