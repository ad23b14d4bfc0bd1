import ArgumentParser
import ConfigFile
import FoundationEssentials
import Glibc
import Settings

/// Loads the settings; if they are wrong, says on standard error everything that is, and ends with status 2.
func load(
    flags: [String: [String]], environment: [String: String] = ProcessInfo.processInfo.environment
) throws -> LoadedSettings {
    do throws(InvalidSettings) {
        return try loaded(flags: flags, environment: environment)
    } catch {
        say(error)
        throw ExitCode(2)
    }
}

/// Loads the settings.
/// - Parameters:
///   - flags: values by flag name without dashes.
///   - file: a configuration file, besides the one that the flags may name.
func loaded(
    flags: [String: [String]], environment: [String: String], file: String? = nil
) throws(InvalidSettings) -> LoadedSettings {
    try SettingsLoader.load(
        flags: flags, file: file, environment: environment, readFile: text(ofFile:), readTree: tree(ofFile:))
}

/// Writes everything that is wrong to standard error.
func say(_ invalid: InvalidSettings) {
    say(invalid.lines)
}

/// Writes lines to standard error.
func say(_ lines: [String]) {
    // What was printed comes first.
    fflush(nil)
    let bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// The text of a small file.
func text(ofFile path: String) -> Result<String, FileReadingError> {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return .failure(FileReadingError(reason: reason(errno))) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    guard count >= 0 else { return .failure(FileReadingError(reason: reason(errno))) }
    guard count < bytes.count else { return .failure(FileReadingError(reason: "it is larger than 64 KiB")) }
    guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
        return .failure(FileReadingError(reason: "it is not UTF-8 text"))
    }
    return .success(text)
}

private func reason(_ number: Int32) -> String {
    strerror(number).map { String(cString: $0) } ?? "error \(number)"
}
