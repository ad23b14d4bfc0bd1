import NIOCore
import SpeakerCore
import ShellSystem

/// Says to the service manager what it does not know yet, and answers its watchdog.
final class ServiceNotifier: LoopConfined {
    /// After a datagram that could not be sent.
    static let retryPause = TimeAmount.milliseconds(100)

    let loop: any EventLoop
    private let link: HostLink
    /// Nil if no service manager has started us.
    private let manager: ServiceManager?
    private var notices = ServiceNotices()
    /// True if something happened that the manager may not know.
    private var hasNews = false
    /// True while a datagram that could not be sent waits for the next attempt.
    private var isRetrying = false
    /// The answers to the manager's watchdog.
    private var watchdog: RepeatedTask?

    init(_ link: HostLink, manager: ServiceManager?) {
        loop = link.loop
        self.link = link
        self.manager = manager
    }

    /// Something was reported.
    func noteNews() { hasNews = true }

    /// Says what is new, if anything may be.
    func notifyIfDue() {
        if hasNews || !notices.isReady { notify() }
    }

    /// Says what the manager does not know yet.
    func notify() {
        hasNews = false
        guard let manager, !isRetrying else { return }
        var notices = notices
        guard let datagram = notices.datagram(for: link.speaker, at: link.now) else { return }
        if manager.send(datagram) {
            self.notices = notices
            return
        }
        isRetrying = true
        after(Self.retryPause) {
            self.isRetrying = false
            self.notify()
        }
    }

    /// Says what the daemon does before it serves.
    func say(_ status: String) {
        manager?.send(ServiceNotices.status(status))
    }

    /// Says that the settings are being read anew; the next `notify` says that this is over.
    func notifyReloading() {
        if let datagram = notices.reloading(at: link.now) { manager?.send(datagram) }
    }

    /// Answers the service manager's watchdog for as long as the loop turns and the speaker decides.
    func startWatchdog() {
        guard manager != nil, let pause = manager?.watchdogPause else { return }
        answerWatchdog()
        watchdog = every(pause) { $0.answerWatchdog() }
    }

    private func answerWatchdog() {
        if ServiceNotices.isAlive(link.speaker, at: link.now) { manager?.send("WATCHDOG=1") }
    }

    func end() { watchdog?.cancel() }
}
