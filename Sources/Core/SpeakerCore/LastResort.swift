import Health
import Settings

extension Speaker.VIP {
    /// True while the VIP is kept although its service is unhealthy, so that it leads somewhere if every node's is.
    ///
    /// Only a verdict makes it so. Before the first one nothing is known, and nothing is announced; a result that is
    /// overdue is a failure like any other, and so is a refused connection. A departure withdraws it as it withdraws
    /// every VIP.
    var isLastResort: Bool {
        guard case .unhealthy = verdict else { return false }
        return settings.onUnhealthy == .lastResort
    }

    /// True if the VIP is for the peers to have, once it is bound.
    var isOffered: Bool { verdict == .healthy || isLastResort }
}
