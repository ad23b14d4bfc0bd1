import ControlSocket
import Health
import IPTypes
import NIOCore
import Settings
import SpeakerCore

extension SpeakerHost {
    /// Opens the control socket, and the ports for metrics and health that are configured; `onOpen` runs on the loop.
    func openControl(onOpen: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        let answer: ControlAnswer = { [self] request, reply in
            assumeIsolated { $0.answer(request, reply: reply) }
        }
        var servers = [ControlServer.start(path: settings.controlSocket, on: loop, answer: answer)]
        for endpoint in [settings.metrics, settings.health].compactMap({ $0 }) {
            servers.append(
                ControlServer.startTCP(
                    address: "\(endpoint.address)", port: Int(endpoint.port), on: loop, answer: answer
                ).flatMapErrorThrowing { error in throw MetricsUnavailable(endpoint: endpoint, cause: "\(error)") })
        }
        EventLoopFuture.whenAllSucceed(servers, on: loop).whenComplete { [self] result in
            assumeIsolated { host in
                if case .success(let servers) = result { host.controlServers = servers }
            }
            onOpen(result.map { _ in })
        }
    }

    private func answer(_ request: ControlRequest, reply: @escaping @Sendable (ControlResponse) -> Void) {
        switch request {
        case .status:
            reply(.status(status))
        case .metrics:
            reply(.metrics(status))
        case .livez:
            reply(.livez)
        case .readyz:
            reply(.readyz(status))
        case .drain(let reason, let wait):
            take(.drainRequested(reason: reason))
            if wait {
                drainWaiters.append(reply)
                answerDrainWaiters()
            } else {
                reply(.status(status))
            }
        case .undrain:
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
        guard !drainWaiters.isEmpty, speaker.departureStep == .away || speaker.departureStep == .inService else {
            return
        }
        let response = ControlResponse.status(status)
        for reply in drainWaiters { reply(response) }
        drainWaiters = []
    }

    private var status: Status {
        var status = speaker.status(version: version, at: Self.now())
        status.bfdScheduling = bfd.scheduling.map { "\($0)" }
        if bfd.scheduling != nil { status.bfdPacketsDiscarded = speaker.bfdPacketsDiscarded + bfd.discarded }
        return status
    }
}

/// Why the metrics or health port could not be opened.
private struct MetricsUnavailable: Error, CustomStringConvertible {
    var endpoint: SocketTarget
    var cause: String

    var description: String {
        "metrics and health cannot be served on \(endpoint.address) port \(endpoint.port): \(cause); "
            + "choose another with --metrics or --health"
    }
}
