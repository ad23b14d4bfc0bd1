import BGPFSM
import BGPTransport
import IPTypes
import NIOCore
import Netlink
import SpeakerCore
import ShellSystem
import Wording

// From the wish for a connection to its SYN; what comes of it returns as events of the session.

extension PeerConnections {
    /// Dials a peer, after what has to be found out for that.
    func dial(_ peer: ScopedAddress) {
        let preparation = PeerLinks.Preparation()
        links[peer, default: PeerLinks()].preparation = preparation
        if peer.isUnnumbered, let interface = peer.zone {
            look(for: peer, on: interface, RouterSearch(on: interface), after: nil, preparation)
        } else {
            ask(about: peer, at: peer, preparation)
        }
    }

    private func isCurrent(_ preparation: PeerLinks.Preparation, of peer: ScopedAddress) -> Bool {
        links[peer]?.preparation === preparation
    }

    /// Looks for whoever is the router on the link of an unnumbered peer.
    private func look(
        for peer: ScopedAddress, on interface: String, _ search: RouterSearch, after solicitation: RouterSolicitation?,
        _ preparation: PeerLinks.Preparation
    ) {
        var search = search
        let step: RouterSearch.Step
        do throws(NetlinkError) {
            step = search.seen(RouterSearch.Sight(try kernel.router(interface, solicitation)))
        } catch .noSuchInterface {
            step = .fail(.sourceUnavailable)
        } catch {
            link.log(.neighbourTableUnreadable(interface: interface, reason: "\(error)"))
            step = .fail(.noNeighbour(interface: interface))
        }
        switch step {
        case .dial(let router):
            let remote = ScopedAddress(.v6(router), zone: interface)
            link.trace(.routerFound(peer, router: remote))
            ask(about: peer, at: remote, preparation)
        case .ask(let candidates):
            guard let asked = kernel.solicit(interface, candidates) else { return follow(search.nothingAsked, peer) }
            preparation.look = after(TimeAmount(RouterSearch.pause)) { [search] in
                guard self.isCurrent(preparation, of: peer) else { return }
                self.look(for: peer, on: interface, search, after: asked, preparation)
            }
        case .fail:
            follow(step, peer)
        }
    }

    private func follow(_ step: RouterSearch.Step, _ peer: ScopedAddress) {
        guard case .fail(let failure) = step else { return }
        links[peer]?.callOffDial()
        link.take(.session(peer, .tcpFailed(.outgoing, failure)))
    }

    /// Dials a peer at this address, unless another process of this node has a session with it from the address that we
    /// would use: the router would end that one. The kernel goes through all connections of the machine for it, so that is done
    /// on a thread of its own.
    private func ask(about peer: ScopedAddress, at remote: ScopedAddress, _ preparation: PeerLinks.Preparation) {
        guard let transport = transports[peer] else { return }
        work(on: thread) { [kernel] in
            kernel.otherSpeaker(remote, transport)
        } then: { answer in
            guard self.isCurrent(preparation, of: peer) else { return }
            self.links[peer]?.preparation = nil
            self.dial(peer, at: remote, knowing: answer)
        }
    }

    private func dial(_ peer: ScopedAddress, at remote: ScopedAddress, knowing other: Result<String?, any Error>) {
        guard let transport = transports[peer] else { return }
        switch other {
        case .success(nil): break
        case .success(let process?): return link.take(.session(peer, .tcpFailed(.outgoing, .inUse(by: process))))
        // A kernel without inet_diag cannot tell: then the peer is dialled.
        case .failure(let error):
            link.trace(.otherSpeakerUnknown(peer, reason: "\(error)"))
        }
        links[peer, default: PeerLinks()].outgoing = kernel.dial(
            endpoint(by: transport, at: remote), loop, callback { $0.take($2, of: $1, peer, .outgoing) })
    }
}
