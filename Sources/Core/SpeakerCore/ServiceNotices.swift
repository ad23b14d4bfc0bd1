import Advertising
import BGPFSM
package import Deadlines
import Health
import IPTypes
import Settings

/// What the daemon says to its service manager: the text of sd_notify(3), decided from the speaker's state.
///
/// Remembers what was said, so that only what changed is said again. A caller that could not send a datagram keeps the
/// value as it was before, and asks again later.
package struct ServiceNotices: Sendable, Hashable {
    /// True while the service manager believes the service to be ready.
    package private(set) var isReady = false
    private var isStopping = false
    private var status = ""
    private var step: Departure.Step?

    /// The time beyond a step of the departure until the next word, or the end, is due.
    private static let margin = Duration.seconds(10)
    /// A speaker whose deadline has been over for so long does not decide any more.
    private static let stuck = Duration.seconds(1)
    /// The longest status in characters; systemd takes datagrams of up to 4096 bytes.
    private static let longestStatus = 500

    package init() {}

    /// The datagram that is due; nil if the service manager knows all of it.
    package mutating func datagram(for speaker: Speaker, at now: Instant) -> String? {
        var lines: [String] = []
        if !isReady, speaker.isDecided {
            isReady = true
            lines.append("READY=1")
        }
        let departure = speaker.departure
        if departure.exits, !isStopping {
            isStopping = true
            lines.append("STOPPING=1")
        }
        if departure.exits, step != departure.step {
            step = departure.step
            let rest = departure.deadline.map { $0 - now } ?? .zero
            lines.append("EXTEND_TIMEOUT_USEC=\((rest + Self.margin).nanoseconds / 1_000)")
        }
        let status = Self.status(speaker.serviceStatus)
        if speaker.isRunning, status != self.status {
            self.status = status
            lines.append(status)
        }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    /// The datagram before the settings are read anew; nil for a service that is not ready yet. The next `datagram` calls it
    /// ready again.
    package mutating func reloading(at now: Instant) -> String? {
        guard isReady else { return nil }
        isReady = false
        return "RELOADING=1\nMONOTONIC_USEC=\(now.nanoseconds / 1_000)"
    }

    /// `STATUS=`, with a text that is one line and fits.
    package static func status(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(longestStatus).map { $0.isPrintable ? $0 : " " }
        return "STATUS=" + String(String.UnicodeScalarView(scalars))
    }

    /// True if the watchdog may be answered: the speaker's deadlines are met.
    package static func isAlive(_ speaker: Speaker, at now: Instant) -> Bool {
        speaker.nextDeadline.map { now - $0 < stuck } ?? true
    }
}

extension Speaker {
    /// True once it is known what is intended, and that runs.
    var isRunning: Bool { hasIntent && isStarted }

    /// True once it has been decided of every VIP whether it is in service.
    var isDecided: Bool {
        isRunning && (departure.step != .inService || !vips.indices.contains(where: isUndecided))
    }

    /// True before the first verdict on the VIP at this place. There may be very many to ask about: this neither copies one nor
    /// compares its reason.
    func isUndecided(_ index: Int) -> Bool {
        if case .unknown = vips[index].verdict { true } else { false }
    }

    /// How many VIPs at least one peer holds. There may be very many, so that they are gone through only if no peer holds all
    /// and no peer alone holds any.
    private var advertisedVIPs: Int {
        // By place: to go through the peers themselves copies each.
        let holders = peers.indices.filter { !peers[$0].adjRIBOut.told.isEmpty }
        let most = holders.map { peers[$0].adjRIBOut.told.count }.max() ?? 0
        if holders.count <= 1 || most == vips.count { return most }
        return vips.indices.count { index in
            holders.contains { peers[$0].adjRIBOut.told[vips[index].settings.prefix] != nil }
        }
    }

    /// `2/2 peers Established, 10.255.0.1 advertised`: one line, for people.
    var serviceStatus: String {
        let established = peers.count { $0.session.negotiated != nil }
        let advertised = advertisedVIPs
        var words = "\(established)/\(peers.count) peers Established, "
        if let vip = vips.first, vips.count == 1 {
            let prefix = vip.settings.prefix
            words += prefix.isHost ? "\(prefix.address)" : "\(prefix)"
            words += advertised == 0 ? " not advertised" : " advertised"
            if advertised == 0, departure.step == .inService {
                words += ": " + reason(for: vip, holders: 0, among: peers).words
            }
        } else {
            words += "\(advertised)/\(vips.count) VIPs advertised"
        }
        return departure.step == .inService ? words : "\(words) (\(phase): \(departure.reason))"
    }
}
