import ArgumentParser

/// What this program is.
enum Version {
    static let number = "0.1.0"

    /// One line for humans: version, compiler, kind of build.
    static var text: String { "bgpvip \(number) (Swift \(compiler), \(build) build)" }

    private static var build: String {
        #if DEBUG
            "debug"
        #else
            "release"
        #endif
    }

    private static var compiler: String {
        #if compiler(>=6.5)
            "6.5 or later"
        #elseif compiler(>=6.4)
            "6.4"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}

/// `bgpvip version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version of bgpvip, of Swift, and the kind of build.")

    func run() {
        print(Version.text)
    }
}
