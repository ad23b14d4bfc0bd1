import NIOCore

/// Something that is to be open, such as a port: where it cannot be opened, that is tried again each second until it can
/// be, or until it is called off. Its place may be taken for now, or come later.
///
/// Used on its event loop only; that confinement is what `@unchecked Sendable` stands for.
final class Opening<Opened: Sendable>: @unchecked Sendable {
    /// What came of the attempts.
    enum News {
        case opened(Opened, afterFailure: Bool)
        /// An attempt failed for another reason than the one before.
        case failed(any Error)
    }

    /// Between an attempt that failed and the next.
    static var pause: TimeAmount { .seconds(1) }

    private let loop: any EventLoop
    private let open: () -> EventLoopFuture<Opened>
    private let close: (Opened) -> Void
    private let tell: (News) -> Void
    /// What is open; nil before the first attempt that succeeds.
    private(set) var opened: Opened?
    private var next: Scheduled<Void>?
    private var fault: String?
    private var isOver = false

    /// Begins with the first attempt.
    /// - Parameters:
    ///   - open: makes one attempt.
    ///   - close: closes what is open when this is called off.
    ///   - tell: called on the loop, also from inside this call.
    init(
        on loop: any EventLoop, open: @escaping () -> EventLoopFuture<Opened>, close: @escaping (Opened) -> Void,
        tell: @escaping (News) -> Void
    ) {
        self.loop = loop
        self.open = open
        self.close = close
        self.tell = tell
        attempt()
    }

    /// Calls it off: closes what is open, and what will be.
    func callOff() {
        isOver = true
        next?.cancel()
        if let opened { close(opened) }
        opened = nil
    }

    /// Does not wait for the next attempt: what was missing may have come.
    func tryNow() {
        guard next != nil else { return }
        next?.cancel()
        attempt()
    }

    private func attempt() {
        guard !isOver else { return }
        next = nil
        open().assumeIsolated().whenComplete { result in
            switch result {
            case .success(let opened): self.succeeded(opened)
            case .failure(let error): self.failed(error)
            }
        }
    }

    private func succeeded(_ opened: Opened) {
        guard !isOver else { return close(opened) }
        self.opened = opened
        tell(.opened(opened, afterFailure: fault != nil))
    }

    private func failed(_ error: any Error) {
        guard !isOver else { return }
        if "\(error)" != fault {
            fault = "\(error)"
            tell(.failed(error))
        }
        next = loop.scheduleTask(in: Self.pause) { self.attempt() }
    }
}
