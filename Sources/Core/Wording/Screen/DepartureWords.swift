import SpeakerCore

extension DepartureStatus {
    /// What the present step is, since when, and what comes next and when.
    var words: String {
        let since = fractionText(stepSeconds)
        let next = nextSeconds.map(fractionText) ?? "-"
        return switch step {
        case "settling":
            "step 1 of 3 for \(since): the routes carry GRACEFUL_SHUTDOWN so that routers move traffic away; "
                + "withdrawn in \(next)"
        case "acknowledging":
            "step 2 of 3 for \(since): the routes are withdrawn; the TCP acknowledgement of "
                + "\(listed(awaited)) is awaited for \(next) more at most"
        case "lingering":
            "step 3 of 3 for \(since): the routes are withdrawn and what is still on its way is served; "
                + (keepsSessions
                    ? "VIPs are unbound in \(next), sessions stay" : "sessions close and VIPs are unbound in \(next)")
        case _ where exits:
            "the sessions are closed; the process ends"
        default:
            "out of service for \(spanText(stepSeconds)), sessions \(keepsSessions ? "kept" : "closed") and VIPs unbound, "
                + "until \(wayBack)"
        }
    }

    private var wayBack: String {
        let ways = [heldByCommand ? "bgpvip undrain" : nil, heldByFile.map { "\($0) is removed" }].compactMap { $0 }
        return ways.isEmpty ? "bgpvip undrain" : ways.joined(separator: " and ")
    }
}

/// A few peers by name, so that a line stays a line.
private func listed(_ peers: [String]) -> String {
    let named = peers.prefix(4).joined(separator: ", ")
    return peers.count > 4 ? "\(named) and \(peers.count - 4) more" : named
}

extension VIPDrainStatus {
    /// `draining` or `drained`.
    var phase: String { step == "away" ? "drained" : "draining" }

    /// What the present step is, since when, and what comes next and when.
    var words: String {
        let since = fractionText(stepSeconds)
        let next = nextSeconds.map(fractionText) ?? "-"
        return switch step {
        case "settling":
            "step 1 of 3 for \(since): the route carries GRACEFUL_SHUTDOWN so that routers move traffic away; "
                + "withdrawn in \(next)"
        case "acknowledging":
            "step 2 of 3 for \(since): the route is withdrawn; the TCP acknowledgement of \(listed(awaited)) is awaited "
                + "for \(next) more at most"
        case "lingering":
            "step 3 of 3 for \(since): the route is withdrawn and what is still on its way is served; unbound in \(next)"
        default:
            "out of service for \(spanText(stepSeconds)), the sessions stay, until bgpvip undrain of this VIP or a restart"
        }
    }
}
