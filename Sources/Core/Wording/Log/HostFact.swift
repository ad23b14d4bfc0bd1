package import BGPWire
package import Health
package import IPTypes
package import Services
package import SpeakerCore

/// What the host notices or does, and a person should know. What the Speaker decides and does is a `Report`.
///
/// A `reason` is an error in the words of the room of Shell where it happened: no other room knows what was tried.
package enum HostFact: Sendable, Hashable {
    // MARK: The process and its settings

    /// A remark about the settings or the rights of the process; its words come with it, because `check` prints them too.
    case remark(String)
    case started(version: String, localAS: ASNumber, routerID: BGPIdentifier, peers: Int, vips: Int)
    /// The end of a daemon that has not begun.
    case startFailed(reason: String)
    /// Default routes or addresses that the settings need are not there yet.
    case networkAwaited(reason: String)
    /// The default gateways have changed, so these are the peers from now on.
    case gatewaysChanged(peers: [ScopedAddress])
    case settingsRefused(reason: String)
    /// A signal that has no meaning for the daemon.
    case signalIgnored(name: String)
    /// The process did not run for this long.
    case stalled(Duration)

    // MARK: The interface of the VIPs

    /// A VIP that is to be bound was there already, and is not ours.
    case vipIsForeign(IPPrefix, interface: String)
    case addressesUnreadable(interface: String, reason: String)
    /// The kernel's announcements of addresses and links are missing.
    case addressChangesUnseen(reason: String)
    /// The daemon does not serve, so it takes off what an earlier run left.
    case leftoverTakenOff(IPPrefix)
    case leftoverStays(IPPrefix, reason: String)
    case localityUnknown(reason: String)
    /// Connections of remote clients to a VIP were ended, because it is unbound.
    case remoteClientsEnded(count: Int)
    /// Connections of this node's clients to a VIP were ended, because it was unbound.
    case ownClientsEnded(count: Int)
    /// Connections of this node's clients to a VIP on other nodes were ended, because it is bound here now.
    case connectionsToOtherNodesEnded(count: Int)
    case connectionsNotEnded(reason: String)

    // MARK: Peers

    /// A port for incoming sessions is open after it was not.
    case listening(Listener.ID)
    case listeningFailed(Listener.ID, reason: String)
    /// The changed passwords of a listener are not in force.
    case oldPasswordsInForce(IPAddress, reason: String)
    /// The changed settings of a peer do not hold for a connection that is open.
    case connectionUnchanged(ScopedAddress, reason: String)
    case furtherNextHopsUnknown(reason: String)
    case neighbourTableUnreadable(interface: String, reason: String)
    case defaultRoutesUnwatched(reason: String)

    // MARK: BFD

    /// The answer of the kernel to real-time scheduling.
    case bfdScheduled(String, isPreferred: Bool)
    /// The daemon gives real-time scheduling back for a while.
    case bfdGaveWay(String)
    case bfdReceiving
    case bfdReceivingFailed(reason: String)
    case bfdReceivingEnded(reason: String)
    /// Packets of peers that have come with a reload are not received.
    case bfdPeersDropped(reason: String)
    /// Packets to this peer can be sent again, after they could not.
    case bfdSending(ScopedAddress, failed: String)
    case bfdSendingFailed(ScopedAddress, reason: String)

    // MARK: Checks, the drain file, questions of operators

    case checkUnusable(String, reason: String)
    /// It is not known whether the drain file is there; the reason names it.
    case drainFileUnknown(reason: String)
    /// The first look at the drain file, or another one if the daemon serves, does not come to an end.
    case drainFileHangs(path: String, isServing: Bool)
    case drainFileUnwatched(reason: String)
    case controlSocketOpen
    case controlSocketFailed(reason: String)
    /// A port for metrics and health is open after it was not.
    case monitoringOpen(SocketTarget)
    case monitoringFailed(SocketTarget, reason: String)

    // MARK: Services

    case kubernetesSilent(ClusterObject.Kind, reason: String)
    case kubernetesAnswers(ClusterObject.Kind)
    case addressNotClaimed(IPAddress, reason: String)
    case statusNotWritten(ObjectName, reason: String)
    case loopRulesStay(reason: String)
    case loopsPossible(reason: String)
}
