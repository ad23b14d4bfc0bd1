import BGPFSM
import BGPTransport
import IPTypes
import Logging
import NIOCore
import Netlink
import Settings
import SpeakerCore

extension SpeakerHost {
    /// How long hosts on a link have to answer before the next look. A router advertisement may take longer; the next
    /// attempt of the session finds it.
    private static let searchPause = TimeAmount.milliseconds(300)

    /// Dials whoever is the router on the link of an unnumbered peer. If that is not clear, hosts on the link are asked
    /// and looked for again a moment later, with `solicitation` for their answers: at most twice, first all of them, then
    /// those in doubt.
    func dialRouter(of peer: PeerSettings, on interface: String, after solicitation: RouterSolicitation? = nil) {
        connections[peer.address]?.search = nil
        do {
            switch try NodeNetwork.router(on: interface, after: solicitation) {
            case .found(let router):
                dial(peer, at: router, on: interface)
            case .unknown:
                if solicitation == nil, let asked = NodeNetwork.solicitRouters(on: interface) {
                    lookAgain(for: peer, on: interface, after: asked)
                } else {
                    notFound(peer, .noNeighbour(interface: interface))
                }
            case .ambiguous(let candidates):
                if solicitation?.isLast != true,
                    let asked = NodeNetwork.solicitRouters(on: interface, among: candidates)
                {
                    lookAgain(for: peer, on: interface, after: asked)
                } else {
                    notFound(peer, .severalNeighbours(interface: interface, candidates))
                }
            }
        } catch NetlinkError.noSuchInterface {
            notFound(peer, .sourceUnavailable)
        } catch {
            logger.warning("neighbours cannot be read", metadata: ["interface": "\(interface)", "reason": "\(error)"])
            notFound(peer, .noNeighbour(interface: interface))
        }
    }

    private func lookAgain(for peer: PeerSettings, on interface: String, after solicitation: RouterSolicitation) {
        let look = loop.scheduleTask(in: Self.searchPause) { [self] in
            assumeIsolated { $0.dialRouter(of: peer, on: interface, after: solicitation) }
        }
        connections[peer.address, default: PeerConnections()].search = look
    }

    private func dial(_ peer: PeerSettings, at router: IPv6Address, on interface: String) {
        let remote = ScopedAddress(.v6(router), zone: interface)
        logger.debug("router found", metadata: ["peer": "\(peer.address)", "address": "\(remote)"])
        dial(peer, at: remote)
    }

    private func notFound(_ peer: PeerSettings, _ failure: TransportFailure) {
        take(.session(peer.address, .tcpFailed(.outgoing, failure)))
    }
}
