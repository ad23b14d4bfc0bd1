import BGPFSM
import Deadlines
import Health
import IPTypes
import Settings
import Testing

@testable import SpeakerCore

/// Who drains the node: the command, the drain file, or both.
struct DrainTests {
    /// Started with a drain file to look for.
    private func rack() -> Rack {
        Rack { $0[Settings.process.drainFile] = "/run/bgpvip/drain" }
    }

    private func inService() -> Rack {
        var rack = rack()
        _ = rack.take(.started)
        rack.becomeHealthy()
        rack.establish()
        return rack
    }

    /// Through all steps of the departure.
    private func finish(_ rack: inout Rack) {
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        _ = rack.take(.deadlineReached, after: .milliseconds(200))
        _ = rack.take(.unbound([Rack.vip]))
        #expect(rack.speaker.departureStep == .away)
    }

    @Test func aDrainFileThatIsThereAtTheStartKeepsTheNodeOutOfServiceFromTheBeginning() {
        var rack = rack()
        #expect(rack.take(.leftoversFound([Rack.vip])) == [.report(.adopted([Rack.vip]))])
        #expect(
            rack.take(.drainFileFound(reason: "new kernel")) == [
                .report(.departureStarted(reason: "new kernel", exits: false)),
                .report(.departureStep(.acknowledging)), .unbind([Rack.vip]), .report(.departureStep(.away)),
            ])
        _ = rack.take(.unbound([Rack.vip]))
        #expect(rack.take(.started) == [.probe("api")])
        #expect(
            rack.take(.check("api", .outcome(.passed))) == [
                .report(.checkChanged("api", .healthy)), .report(.vipsChanged([Rack.vip], .healthy)),
            ])
        #expect(
            rack.take(.drainFileGone) == [
                .report(.undrained), .session(Rack.tor, .connect), .bind([Rack.vip], globalScope: false),
            ])
    }

    @Test func untilTheDrainFileIsKnownTheStatusSaysWhatTheStartWaitsFor() {
        var rack = rack()
        let obstacle = "waiting until the file system of the drain file /run/bgpvip/drain answers"
        let waiting = rack.speaker.status(version: "", at: rack.now)
        #expect(waiting.phase == "starting")
        #expect(waiting.phaseReason == obstacle)
        #expect(waiting.vips.map(\.reason) == [obstacle])
        _ = rack.take(.started)
        let started = rack.speaker.status(version: "", at: rack.now)
        #expect(started.phaseReason == nil)
        #expect(started.vips.map(\.reason) == ["waiting for the first result of its checks"])
    }

    @Test func aDrainFileThatAppearsDrainsAndOneThatGoesEndsTheDrain() {
        var rack = inService()
        #expect(
            rack.take(.drainFileFound(reason: nil)).first
                == .report(.departureStarted(reason: "drain file /run/bgpvip/drain", exits: false)))
        finish(&rack)
        #expect(rack.take(.drainFileGone).first == .report(.undrained))
        #expect(rack.speaker.departureStep == .inService)
    }

    @Test func theReasonThatIsWrittenIntoTheFileLaterIsWhatTheRouterIsTold() {
        var rack = inService()
        _ = rack.take(.drainFileFound(reason: nil))
        #expect(rack.take(.drainFileFound(reason: "new kernel")) == [.report(.drainReasonChanged("new kernel"))])
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        let away = rack.take(.deadlineReached, after: .milliseconds(200))
        #expect(Array(away.drop { $0 == .probe("api") }.prefix(2)) == Rack.cease("new kernel"))
    }

    @Test func undrainDoesNotEndWhatTheFileHolds() {
        var rack = inService()
        _ = rack.take(.drainFileFound(reason: nil))
        finish(&rack)
        #expect(rack.take(.undrainRequested) == [])
        #expect(rack.speaker.departureStep == .away)
        #expect(rack.speaker.drainFileInForce == "/run/bgpvip/drain")
    }

    @Test func theNodeComesBackWithTheLastOfCommandAndFile() {
        var rack = inService()
        _ = rack.take(.drainRequested(reason: "kernel update"))
        #expect(rack.take(.drainFileFound(reason: "rack move")) == [])
        finish(&rack)
        #expect(rack.take(.undrainRequested) == [.report(.drainReasonChanged("rack move"))])
        #expect(rack.take(.drainFileGone).first == .report(.undrained))

        var other = inService()
        _ = other.take(.drainRequested(reason: "kernel update"))
        _ = other.take(.drainFileFound(reason: "rack move"))
        finish(&other)
        #expect(other.take(.drainFileGone) == [])
        #expect(other.speaker.drainFileInForce == nil)
        #expect(other.take(.undrainRequested).first == .report(.undrained))
    }

    @Test func aDrainThatIsAskedForAgainHasTheNewReason() {
        var rack = inService()
        _ = rack.take(.drainRequested(reason: "kernel update"))
        #expect(rack.take(.drainRequested(reason: "rack move")) == [.report(.drainReasonChanged("rack move"))])
        #expect(rack.take(.drainRequested(reason: "rack move")) == [])
    }

    @Test func aDrainWithoutAReasonKeepsTheOneThatIsThere() {
        var rack = inService()
        _ = rack.take(.drainRequested(reason: "kernel update"))
        #expect(rack.take(.drainRequested(reason: nil)) == [])
        #expect(rack.speaker.departure.reason == "kernel update")
        finish(&rack)
        #expect(rack.take(.drainRequested(reason: nil)) == [])
        #expect(rack.speaker.status(version: "1", at: rack.now).vips.map(\.reason) == ["drained: kernel update"])
        _ = rack.take(.undrainRequested)
        #expect(
            rack.take(.drainRequested(reason: nil)).first
                == .report(.departureStarted(reason: "operator's command", exits: false)))
        #expect(rack.take(.drainRequested(reason: "new disk")) == [.report(.drainReasonChanged("new disk"))])
    }

    @Test func aDrainWithoutAReasonKeepsTheOneOfTheFileAsLongAsTheFileIsThere() {
        var rack = inService()
        _ = rack.take(.drainFileFound(reason: "rack move"))
        #expect(rack.take(.drainRequested(reason: nil)) == [])
        #expect(rack.speaker.departure.reason == "rack move")
        finish(&rack)
        #expect(rack.take(.drainFileGone) == [.report(.drainReasonChanged("operator's command"))])
        #expect(rack.take(.undrainRequested).first == .report(.undrained))
    }

    @Test func whoeverDrainsOrUndrainsANodeThatExitsChangesNothing() {
        var rack = inService()
        _ = rack.take(.terminationRequested(reason: "stopped by SIGTERM", isUrgent: false))
        #expect(rack.take(.drainFileFound(reason: "rack move")) == [])
        #expect(rack.take(.drainFileGone) == [])
        #expect(rack.speaker.departure.reason == "stopped by SIGTERM")
        #expect(rack.speaker.departureStep == .acknowledging)
    }

    @Test func sigtermEndsANodeThatTheFileKeepsAway() {
        var rack = inService()
        _ = rack.take(.drainFileFound(reason: nil))
        finish(&rack)
        #expect(
            rack.take(.terminationRequested(reason: "stopped by SIGTERM", isUrgent: false)) == [
                .report(.departureStarted(reason: "stopped by SIGTERM", exits: true)), .exit,
            ])
    }

    @Test func eachStepSaysSinceWhenAndWhatComesNext() {
        var rack = Rack.inService(departure: DepartureSettings(settle: .seconds(1), linger: .milliseconds(200)))
        func status() -> DepartureStatus? { rack.speaker.status(version: "1", at: rack.now).departure }
        #expect(status() == nil)
        _ = rack.take(.drainRequested(reason: "kernel update"))
        rack.now = rack.now + .milliseconds(400)
        #expect(
            status()
                == DepartureStatus(step: "settling", stepSeconds: 0.4, nextSeconds: 0.6, heldByCommand: true))
        _ = rack.take(.deadlineReached, after: .milliseconds(600))
        rack.now = rack.now + .milliseconds(100)
        #expect(
            status()
                == DepartureStatus(
                    step: "acknowledging", stepSeconds: 0.1, nextSeconds: 0.9, awaited: ["10.0.0.1"],
                    heldByCommand: true))
        _ = rack.take(.acknowledged(Rack.tor, round: 1, true))
        #expect(
            status() == DepartureStatus(step: "lingering", stepSeconds: 0, nextSeconds: 0.2, heldByCommand: true))
        _ = rack.take(.deadlineReached, after: .milliseconds(200))
        rack.now = rack.now + .seconds(60)
        #expect(status() == DepartureStatus(step: "away", stepSeconds: 60, heldByCommand: true))
    }

    @Test(
        arguments: [
            ("new kernel\nsecond line", "new kernel"), ("  new \t kernel  ", "new kernel"), ("", nil), ("\nlater", nil),
            ("\r\n", nil), ("re\u{1B}[31mboot\u{7}", "re [31mboot"), ("left\u{202E}right", "left right"),
            (String(repeating: "é", count: 100), String(repeating: "é", count: 64)),
            (String(repeating: "a", count: 127) + " b", String(repeating: "a", count: 127)),
            (String(repeating: "a", count: 126) + " b", String(repeating: "a", count: 126) + " b"),
        ] as [(String, String?)])
    func theFirstLineOfTheFileIsTheReason(text: String, reason: String?) {
        #expect(DrainReason.firstLine(of: text.utf8) == reason)
    }

    @Test func aReasonThatWouldNotBeOneLineAsItIsIsRefused() {
        #expect(DrainReason.fault(of: "größerer Kernel, 6.12") == nil)
        for text in ["a\nb", "a\u{85}b", "a\u{2028}b", "left\u{202E}right"] {
            #expect(DrainReason.fault(of: text) == "the reason must be one line of printable characters")
        }
    }

    @Test func whatIsTooLongOfAReasonIsLeftOut() {
        #expect(DrainReason.shortened(String(repeating: "a", count: 128)) == nil)
        #expect(DrainReason.shortened(String(repeating: "a", count: 300)) == String(repeating: "a", count: 128))
        // 127 bytes and a character of two.
        let accents = (63...64).map { "a" + String(repeating: "é", count: $0) }
        #expect(DrainReason.shortened(accents[1]) == accents[0])
    }

    @Test func bytesThatAreNoTextAreReplaced() {
        #expect(DrainReason.firstLine(of: [0xFF, 0x61, 0xC3]) == "\u{FFFD}a\u{FFFD}")
    }
}
