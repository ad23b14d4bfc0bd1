import IPTypes
import Logging
import NIOCore
import Netlink
import SpeakerCore

/// What the kernel has said of the addresses that others put on this node.
struct LocalityLooks {
    /// Those that the kernel is asked about.
    var asked: Set<IPAddress> = []
    /// Those of them that are local; nil before the first answer.
    var local: Set<IPAddress>?
    var isUnderWay = false
    /// True if something has changed since the present look began.
    var mustRepeat = false
    var task: RepeatedTask?
    /// The last trouble that was logged.
    var fault: NetlinkError?
}

extension SpeakerHost {
    /// Asks at once, and for as long as the process runs: nobody tells of routes that come and go. Each second; with more
    /// than a hundred addresses as often as makes a hundred lookups a second, and every ten seconds at least.
    func startLocalityLooks() {
        localityLooks.asked = Set(speaker.vipsLeftToOthers.map(\.address))
        let count = Int64(localityLooks.asked.count)
        guard count > 0 else { return }
        lookForLocalAddresses()
        let pause = TimeAmount.milliseconds(min(max(count * 10, 1_000), 10_000))
        localityLooks.task = loop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { [self] _ in
            assumeIsolated { $0.lookForLocalAddresses() }
        }
    }

    /// Asks the kernel which of the addresses that are left to others are local, and tells the speaker what has changed.
    func lookForLocalAddresses() {
        guard onExit != nil, !localityLooks.asked.isEmpty else { return }
        guard !localityLooks.isUnderWay else {
            localityLooks.mustRepeat = true
            return
        }
        localityLooks.isUnderWay = true
        localityLooks.mustRepeat = false
        socketThread.submit { [self, asked = localityLooks.asked] in
            let result = Result { () throws(NetlinkError) in try NodeNetwork.localAddresses(among: asked) }
            loop.execute { [self] in assumeIsolated { $0.noteLocal(result) } }
        }
    }

    private func noteLocal(_ result: Result<Set<IPAddress>, NetlinkError>) {
        localityLooks.isUnderWay = false
        guard onExit != nil else { return }
        switch result {
        case .success(let local):
            localityLooks.fault = nil
            let gained = local.subtracting(localityLooks.local ?? [])
            let lost = (localityLooks.local ?? localityLooks.asked).subtracting(local)
            localityLooks.local = local
            if !lost.isEmpty { take(.localityFound(lost.map { IPPrefix(host: $0) }.sorted(), isLocal: false)) }
            if !gained.isEmpty { take(.localityFound(gained.map { IPPrefix(host: $0) }.sorted(), isLocal: true)) }
        case .failure(let error):
            if localityLooks.fault != error {
                logger.error(
                    "it cannot be found out which VIPs are local, trying again", metadata: ["reason": "\(error)"])
            }
            localityLooks.fault = error
        }
        if localityLooks.mustRepeat { lookForLocalAddresses() }
    }
}
