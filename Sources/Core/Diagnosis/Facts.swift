package import BGPFSM
package import BGPWire
package import Health
package import IPTypes
package import Settings
package import SpeakerCore

/// All that a diagnosis is made of, gathered at one moment.
package struct Facts: Sendable {
    /// What the daemon is configured with; peers called `gateway` are expanded.
    package var settings: Settings
    /// What the daemon says; nil if it was not reached.
    package var status: Status?
    /// Why the daemon was not reached although one runs here.
    package var daemonFailure: String?
    /// Why the peer called `gateway` is none.
    package var gatewayFailure: String?
    /// True if the peer list names gateways: it does not have their addresses then.
    package var namesGateways = false
    package var node = NodeFacts()
    /// By name of the check.
    package var checks: [String: CheckFacts] = [:]
    /// What a dial of each peer met. A peer that has a session, or that only waits to be dialled, is not here.
    package var peers: [ScopedAddress: PeerFacts] = [:]

    package init(settings: Settings) {
        self.settings = settings
    }
}

/// What the kernel and the file system say.
package struct NodeFacts: Sendable {
    /// An address and where it is.
    package struct Address: Sendable, Hashable {
        package var address: IPAddress
        package var prefixLength: Int
        package var interface: String
        /// True if bgpvip put it there.
        package var isOurs: Bool

        package init(_ address: IPAddress, _ prefixLength: Int, on interface: String, isOurs: Bool = false) {
            self.address = address
            self.prefixLength = prefixLength
            self.interface = interface
            self.isOurs = isOurs
        }
    }

    /// True with CAP_NET_ADMIN.
    package var administersNetwork = true
    /// True with CAP_NET_BIND_SERVICE.
    package var bindsLowPorts = true
    /// True with CAP_SYS_NICE.
    package var schedules = true
    package var view = NodeView(interfaces: nil, routerID: nil, routerIDInterface: nil)
    /// Interfaces that are not up, or have no carrier.
    package var downInterfaces: Set<String> = []
    package var addresses: [Address] = []
    /// The addresses that TCP ports of interest are listened on.
    package var listening: [UInt16: Set<IPAddress>] = [:]
    /// UDP ports of BFD that are open.
    package var openUDPPorts: Set<UInt16> = []
    /// The interface towards each peer that has a route.
    package var interfaces: [ScopedAddress: String] = [:]
    /// `rp_filter` and `arp_ignore` of these interfaces, the greater of their own and that of `all`.
    package var rpFilter: [String: Int] = [:]
    package var arpIgnore: [String: Int] = [:]
    /// Packets that `rp_filter` has dropped since the network came up (TcpExt IPReversePathFilter).
    package var reversePathDrops = 0
    /// `nf_conntrack_tcp_loose`; nil without conntrack.
    package var conntrackLoose: Int?
    package var conntrackCount: Int?
    package var conntrackMaximum: Int?
    /// The Kubernetes service ranges that an API server of this node was started with.
    package var serviceRanges: [IPPrefix] = []
    /// Seconds since 1970.
    package var clock: Int64 = 1_800_000_000
    /// The file named by the settings that was changed last, and when (seconds since 1970).
    package var newestFile: (path: String, changedAt: Int64)?
    /// Files with secrets that everybody may read.
    package var readableSecrets: [String] = []
    /// Why the control socket cannot be made; nil if it can, or is there.
    package var controlSocketFault: String?
    /// Processes of bgpvip daemons that can be seen in this network namespace.
    package var daemons = 0
    /// Addresses that daemons of this network namespace hold against each other, whether their processes can be seen or not.
    package var heldAddresses: Set<IPAddress> = []
    /// Sockets that listen at the path of the control socket.
    package var controlSockets = 0

    package init() {}
}

/// What one probe of a check met.
package struct CheckFacts: Sendable {
    /// Nil if it was not run.
    package var outcome: Outcome?
    /// What is wrong with the files that the check names.
    package var fileFaults: [String] = []
    /// The certificate that the service shows.
    package var certificate: ServerCertificate?

    package init(outcome: Outcome? = nil, fileFaults: [String] = [], certificate: ServerCertificate? = nil) {
        self.outcome = outcome
        self.fileFaults = fileFaults
        self.certificate = certificate
    }
}

/// What one dial met.
package struct PeerFacts: Sendable {
    /// A way to dial that differs from the settings.
    package enum Variant: Sendable, Hashable {
        /// Without the password.
        case unsigned
        /// With any TTL let in.
        case anyTTL
    }

    /// Why there was no connection, or how it ended.
    package var end: EndReason?
    /// The router's OPEN, and the two ends of the connection it came on.
    package var open: Open?
    package var endpoints: Endpoints?
    /// Ways in which the router answers although it does not in the configured one.
    package var answersTo: Set<Variant> = []

    package init(
        end: EndReason? = nil, open: Open? = nil, endpoints: Endpoints? = nil, answersTo: Set<Variant> = []
    ) {
        self.end = end
        self.open = open
        self.endpoints = endpoints
        self.answersTo = answersTo
    }
}
