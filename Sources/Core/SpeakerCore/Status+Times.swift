package import Deadlines

extension Status {
    /// Adds to every span of time since something happened the moment at which it happened. `now` is the moment of the
    /// status on the wall clock.
    package mutating func addTimes(_ now: WallTime) {
        time = "\(now)"
        if let departure { self.departure?.stepSince = "\(now.earlier(by: departure.stepSeconds))" }
        for index in peers.indices {
            peers[index].stateSince = "\(now.earlier(by: peers[index].stateSeconds))"
            peers[index].lastErrorAt = peers[index].lastErrorSecondsAgo.map { "\(now.earlier(by: $0))" }
            guard let bfd = peers[index].bfd else { continue }
            peers[index].bfd?.stateSince = "\(now.earlier(by: bfd.stateSeconds))"
            peers[index].bfd?.lastDownAt = bfd.lastDownSecondsAgo.map { "\(now.earlier(by: $0))" }
        }
        for index in vips.indices {
            vips[index].verdictSince = "\(now.earlier(by: vips[index].verdictSeconds))"
            guard let drain = vips[index].drain else { continue }
            vips[index].drain?.stepSince = "\(now.earlier(by: drain.stepSeconds))"
        }
        for index in checks.indices {
            checks[index].verdictSince = "\(now.earlier(by: checks[index].verdictSeconds))"
        }
    }
}
