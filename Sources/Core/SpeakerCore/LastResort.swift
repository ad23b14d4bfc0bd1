import Health
import Settings

extension Speaker.VIP {
    /// True while the VIP is kept although its service is unhealthy, so that it leads somewhere if every node's is.
    ///
    /// Only a node that has served the VIP keeps it: nothing is announced before the first healthy verdict, so that a
    /// node which is being set up does not answer for a service that has never run there. A result that is overdue is a
    /// failure like any other, and so is a refused connection. A departure withdraws it as it withdraws every VIP.
    var isLastResort: Bool {
        guard case .unhealthy = verdict else { return false }
        return hasServed && settings.onUnhealthy == .lastResort
    }

    /// True if the VIP is for the peers to have, once it is bound.
    var isOffered: Bool { verdict == .healthy || isLastResort }
}
