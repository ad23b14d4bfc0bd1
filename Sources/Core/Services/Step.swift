package import Health
package import IPTypes

extension Services {
    /// What is to be done, in the order given.
    package enum Step: Sendable, Hashable {
        /// Report the EndpointSlices of this Service from now on: first the existing ones, then each change.
        case follow(ObjectName)
        /// The EndpointSlices of this Service are of no interest any more.
        case unfollow(ObjectName)
        /// This check is needed from now on; what it asks is asked by `probe`.
        case open(Check)
        /// The open check of this name is probed otherwise from now on.
        case change(Check)
        /// The check of this name is not needed any more.
        case close(String)
        /// Start a probe of this check now.
        case probe(String)
        /// These VIPs are to be advertised like this from now on; those that are nil, no more.
        case advertise([IPPrefix: ServiceVIP?])
        /// Create the Lease that claims an address. The answer is `claimCreated`, `claimRefused` or `claimFailed`.
        case claim(IPAddress, for: Claim.Holder)
        /// Delete the Lease of this claim, if it still has this UID and resourceVersion. The answer is `deleted`, or
        /// `releaseFailed`.
        case release(Claim)
        /// Apply this as the whole `status.loadBalancer.ingress`, with the Service's UID and resourceVersion as
        /// precondition. The answer is `statusWritten` or `statusFailed`.
        case writeStatus(Service.Ingresses)
        /// Create an Event about a Service.
        case post(ServiceNotice)
    }
}

extension Service {
    /// What the status of one Service is to be.
    package struct Ingresses: Sendable, Hashable {
        package var service: ObjectName
        package var uid: String
        package var resourceVersion: String
        package var ingress: [Ingress]

        package init(service: ObjectName, uid: String, resourceVersion: String, ingress: [Ingress]) {
            self.service = service
            self.uid = uid
            self.resourceVersion = resourceVersion
            self.ingress = ingress
        }
    }
}

/// An Event of the Kubernetes API about a Service.
package struct ServiceNotice: Sendable, Hashable {
    /// The name of the Event. It follows from the Service and the message, so that of many nodes with the same news one
    /// creates it; that it exists (409) is a success.
    package var name: String
    package var service: ObjectName
    /// The Service's UID.
    package var uid: String
    /// True for the type Warning, false for Normal.
    package var isWarning: Bool
    /// A word in CamelCase.
    package var reason: String
    package var message: String
}
