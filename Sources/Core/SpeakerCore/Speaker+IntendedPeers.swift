import Advertising
import BGPFSM
import Deadlines
import IPTypes
import Intent
import Settings

extension Speaker {
    /// What is removed: the routes are withdrawn, then the session ends, then BFD.
    mutating func removePeers(_ differences: [IntentChange.Peer], at now: Instant) {
        for difference in differences where difference.kind == .removed {
            guard let index = peerIndex[difference.name] else { continue }
            send(peers[index].adjRIBOut.withdraw(Array(peers[index].adjRIBOut.told.keys)), to: index, at: now)
            let hadConnection = peers[index].session.hasConnection
            bfd.detach(difference.name, stop: hadConnection ? now + BFDSessions.courtesy : now)
            handle(.stopped(.peerDeconfigured, communication: ""), peer: index, at: now)
            if !hadConnection { stopBFDIfDue(of: difference.name, at: now) }
        }
    }

    /// What has to be sent under the old keys.
    mutating func prepareForKeys(_ differences: [IntentChange.Peer], at now: Instant) {
        for difference in differences {
            guard case .changed(let fields) = difference.kind, fields.contains(.password),
                let index = peerIndex[difference.name]
            else { continue }
            effects += peers[index].session.prepareForKey(at: now).map { .session(difference.name, $0) }
        }
    }

    /// Brings the peers into the order of the settings, each with its present settings. The sessions stay as they are.
    mutating func adoptPeers() {
        let known = peers
        let places = peerIndex
        let needed = NeededFamilies(of: settings.vips)
        peers = []
        peerIndex = [:]
        for wanted in settings.peers where peerIndex[wanted.address] == nil {
            peerIndex[wanted.address] = peers.count
            let configuration = SessionConfiguration(
                wanted, of: settings, identifier: identifier, hostName: hostName, needed: needed)
            if let place = places[wanted.address] {
                var peer = known[place]
                peer.settings = wanted
                peer.session.configure(configuration)
                peers.append(peer)
            } else {
                let session = PeerSession(configuration: configuration, seed: generator.next())
                peers.append(Neighbour(settings: wanted, session: session))
            }
        }
    }

    /// Starts the sessions that are new, and does for the others what follows from what has changed.
    mutating func runPeers(_ differences: [IntentChange.Peer], at now: Instant) {
        for difference in differences {
            guard let index = peerIndex[difference.name] else { continue }
            switch difference.kind {
            case .added: if runsSessions { startSession(index, at: now) }
            case .changed(let fields): follow(fields, of: index, at: now)
            case .removed: break
            }
        }
    }

    private mutating func follow(_ fields: Set<PeerField>, of index: Int, at now: Instant) {
        let isUp = peers[index].session.state == .established
        let consequence = fields.map(\.consequence).max() ?? .none
        // Who dials, and with which key, matters while there is no session: then it is tried anew.
        if consequence == .reset || !isUp && !fields.isDisjoint(with: [.passive, .password]) {
            handle(.reset(.otherConfigurationChange), peer: index, at: now)
        } else if consequence == .advertisedAgain {
            advertiseAgain(to: index, at: now)
        }
        guard !fields.isDisjoint(with: [.bfd, .bfdStrict]), runsSessions else { return }
        if waitsForBFD(index) {
            if !isUp { holdBackIfStrict(index, at: now) }
        } else if peers[index].session.state == .idle {
            handle(.started, peer: index, at: now)
        }
    }

    /// Another adjustment holds for the routes to this peer: they are announced anew where it makes a difference.
    private mutating func advertiseAgain(to index: Int, at now: Instant) {
        guard let negotiated = peers[index].session.negotiated else { return }
        if peers[index].adjRIBOut.move(to: peers[index].path(negotiated)) {
            tellAgain(index, at: now)
        } else {
            tellAnew(index, at: now)
        }
    }
}
