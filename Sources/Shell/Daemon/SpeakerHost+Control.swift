import ControlSocket
import Health
import IPTypes
import Logging
import NIOCore
import Netlink
import Settings
import SpeakerCore

extension SpeakerHost {
    /// Opens the control socket; `onOpen` runs on the loop. The ports for metrics and health are opened beside it: the
    /// VIPs do not depend on who has them.
    func openControl(onOpen: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        let opened = settings.controlSocket.map { controlSocket(at: $0) } ?? loop.makeSucceededFuture(nil)
        opened.whenComplete { [self] result in
            assumeIsolated { host in
                if case .success(let server?) = result { host.keep(server) }
            }
            onOpen(result.map { _ in })
            assumeIsolated { host in
                let endpoints = Set([host.settings.metrics, host.settings.health].compactMap { $0 })
                for endpoint in endpoints { host.openMonitoring(at: endpoint) }
            }
        }
    }

    /// The control socket; nil, with a notice, where it cannot be made: then the VIPs are served all the same.
    private func controlSocket(at path: String) -> EventLoopFuture<ControlServer?> {
        ControlServer.start(path: path, on: loop, answer: controlAnswer).map(Optional.some)
            .flatMapErrorThrowing { [logger] error in
                guard let error = error as? ControlSocketError, error.isOfThePlace else { throw error }
                logger.notice(
                    "no control socket, so bgpvip peers and drain cannot be used: \(error); choose another with --control-socket or BGPVIP_CONTROL_SOCKET, or none"
                )
                return nil
            }
    }

    /// After an attempt to open a port that somebody else has.
    private static let reopenPause = TimeAmount.seconds(1)

    /// Opens a port for metrics and health; one that cannot be had is tried again until it can.
    private func openMonitoring(at endpoint: SocketTarget) {
        guard onExit != nil else { return }
        ControlServer.startTCP(
            address: "\(endpoint.address)", port: Int(endpoint.port), on: loop, answer: controlAnswer
        ).whenComplete { [self] result in
            assumeIsolated { host in
                switch result {
                case .success(let server): host.monitoringOpened(server, at: endpoint)
                case .failure(let error): host.monitoringFailed("\(error)", at: endpoint)
                }
            }
        }
    }

    private func monitoringOpened(_ server: ControlServer, at endpoint: SocketTarget) {
        keep(server)
        guard monitoringFaults.removeValue(forKey: endpoint) != nil else { return }
        logger.info(
            "metrics and health are served now",
            metadata: ["address": "\(endpoint.address)", "port": "\(endpoint.port)"])
    }

    private func monitoringFailed(_ reason: String, at endpoint: SocketTarget) {
        if monitoringFaults.updateValue(reason, forKey: endpoint) != reason {
            logger.warning(
                "metrics and health cannot be served, trying again each second; --metrics and --health set another port",
                metadata: ["address": "\(endpoint.address)", "port": "\(endpoint.port)", "reason": "\(reason)"])
        }
        loop.scheduleTask(in: Self.reopenPause) { [self] in assumeIsolated { $0.openMonitoring(at: endpoint) } }
    }

    /// A server that opens when the process is ending already is closed again.
    private func keep(_ server: ControlServer) {
        if onExit == nil { server.stop() } else { controlServers.append(server) }
    }

    private nonisolated var controlAnswer: ControlAnswer {
        { [self] request, reply in assumeIsolated { $0.answer(request, reply: reply) } }
    }

    private func answer(_ request: ControlRequest, reply: @escaping @Sendable (ControlResponse) -> Void) {
        switch request {
        case .status:
            reply(.status(status(listening: listening)))
        case .metrics:
            reply(.metrics(status))
        case .livez:
            reply(.livez)
        case .readyz:
            reply(.readyz(status))
        case .drain(_, _, let vip?, _) where !speaker.hasVIP(vip), .undrain(let vip?) where !speaker.hasVIP(vip):
            reply(unknown(vip))
        case .drain(let reason, let wait, let vip?, _):
            take(.vipDrainRequested(vip, reason: reason))
            if wait {
                vipDrainWaiters.append((vip, reply))
                answerDrainWaiters()
            } else {
                reply(.status(status))
            }
        case .undrain(let vip?):
            take(.vipUndrainRequested(vip))
            reply(.status(status))
        case .drain(let reason, let wait, nil, let keepsSessions):
            take(.drainRequested(reason: reason, keepsSessions: keepsSessions))
            if wait {
                drainWaiters.append(reply)
                answerDrainWaiters()
            } else {
                reply(.status(status))
            }
        case .undrain(nil):
            take(.undrainRequested)
            if let file = speaker.drainFileInForce {
                reply(.text(409, "still out of service: the drain file \(file) is there; remove it"))
            } else {
                reply(.status(status))
            }
        }
    }

    /// Answers those who wait for a drain once it is over, one way or the other.
    func answerDrainWaiters() {
        for waiter in vipDrainWaiters where isOver(speaker.drainStep(of: waiter.vip)) {
            waiter.reply(.status(status))
        }
        vipDrainWaiters.removeAll { isOver(speaker.drainStep(of: $0.vip)) }
        guard !drainWaiters.isEmpty, speaker.departureStep == .away || speaker.departureStep == .inService else {
            return
        }
        let response = ControlResponse.status(status)
        for reply in drainWaiters { reply(response) }
        drainWaiters = []
    }

    /// True if the drain of a VIP is done, or was called off.
    private func isOver(_ step: Departure.Step?) -> Bool { step == nil || step == .away }

    private func unknown(_ vip: IPPrefix) -> ControlResponse {
        let known = settings.vips.map { "\($0.prefix)" }.joined(separator: ", ")
        return .text(404, "there is no VIP \(vip); configured: \(known)")
    }

    /// Who listens on the ports that checks ask; nil if the kernel does not tell.
    private var listening: [UInt16: Set<IPAddress>]? {
        try? NodeNetwork.listeningAddresses(on: speaker.checkedPorts)
    }

    var status: Status { status(listening: nil) }

    private func status(listening: [UInt16: Set<IPAddress>]?) -> Status {
        var status = speaker.status(version: version, listening: listening, at: Self.now())
        status.bfdScheduling = bfd.scheduling.map { "\($0)" }
        if bfd.scheduling != nil { status.bfdPacketsDiscarded = speaker.bfdPacketsDiscarded + bfd.discarded }
        return status
    }
}
