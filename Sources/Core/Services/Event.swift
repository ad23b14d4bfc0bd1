package import Health
package import IPTypes

extension Services {
    /// What can happen. Any event is legal at any time.
    package enum Event: Sendable, Hashable {
        /// The operator wants this, the first time before anything else.
        case configured(ServicesConfiguration)
        /// A list of all objects of a kind begins. Each of them follows as `changed`; an earlier list that did not end is
        /// void. Of slices only those are listed that are followed, and of nodes our own.
        case listBegan(ClusterObject.Kind)
        /// The list is complete: what was there before it and was not in it, is gone.
        case listEnded(ClusterObject.Kind)
        /// An object is part of a list, was added or has changed.
        case changed(ClusterObject)
        /// An object was deleted.
        case deleted(ClusterObject.ID)
        /// The watch shows that it is alive, by a bookmark for example.
        case heard(ClusterObject.Kind)
        /// The watch or list of a kind has failed; it is tried again, and what follows is a list or the watch's next word.
        case lost(ClusterObject.Kind, reason: String)
        /// The Lease was created.
        case claimCreated(Claim)
        /// A Lease of that name exists (409); nil if it was gone when it was looked at.
        case claimRefused(IPAddress, by: Claim?)
        case claimFailed(IPAddress, reason: String)
        case releaseFailed(IPAddress, reason: String)
        case statusWritten(ObjectName)
        /// The status was not written; because the Service has changed meanwhile, if the reason says so.
        case statusFailed(ObjectName, reason: String)
        /// A probe ended or its kept-open connection was lost; the check by name.
        case check(String, HealthCheck.Event)
        /// `nextDeadline` has come.
        case deadlineReached
    }
}
