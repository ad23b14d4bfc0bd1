import Fuzzing
import Health

@testable import Settings

/// What every file that a setting names has in it, unless the input says otherwise.
private let secret = "kKa7qQz2xWv9"

/// What libFuzzer calls: flags and the environment, kube-vip's among it.
///
/// `NAME=VALUE` entries with an octet 0 between them, as in `/proc/PID/environ`; a name that begins with `--` is a flag, and
/// the value of an empty name is what all files hold.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var flags: [String: [String]] = [:]
    var environment: [String: String] = [:]
    var file = secret + "\n"
    for entry in UnsafeBufferPointer(start: start, count: count).split(separator: 0) {
        guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
        let name = String(decoding: entry[..<equals], as: UTF8.self)
        let value = String(decoding: entry[(equals + 1)...], as: UTF8.self)
        if name.isEmpty {
            file = value
        } else if name.hasPrefix("--") {
            flags[String(name.dropFirst(2)), default: []].append(value)
        } else {
            environment[name] = value
        }
    }
    let given = Array(environment.values) + flags.values.joined()
    let isSecret = file == secret + "\n" && !given.contains { $0.contains(secret) }
    func said(_ text: String) {
        requireOneLine(text)
        require(!isSecret || !text.contains(secret), "a secret is shown: \(text)")
    }
    let loaded = load(flags, environment, file)
    require(load(flags, environment, file) == loaded, "loaded in two ways")
    switch loaded {
    case .failure(let invalid):
        require(!invalid.errors.isEmpty, "invalid, and nothing is wrong")
        invalid.lines.forEach(said)
    case .success(let loaded):
        (loaded.notices + loaded.ignored).forEach(said)
        require(!loaded.settings.vips.isEmpty || loaded.settings.services != nil, "valid with nothing to advertise")
        require(!loaded.settings.peers.isEmpty, "valid without a peer")
        for row in loaded.resolved {
            if let value = row.value { said(value) }
            said("\(row.origin)")
        }
        do throws(SettingError) {
            let pod = try Manifest.pod(loaded, image: "x")
            require(!isSecret || !pod.contains(secret), "a secret is shown: \(pod)")
            checkRepeated(loaded, file)
        } catch {
            said(error.description)
        }
    }
    return 0
}

private func load(
    _ flags: [String: [String]], _ environment: [String: String], _ file: String
) -> Result<LoadedSettings, InvalidSettings> {
    do throws(InvalidSettings) {
        return .success(
            try SettingsLoader.load(
                flags: flags, environment: environment, readFile: { _ in .success(file) },
                readTree: { _ in .failure(FileFault("No such file or directory")) }))
    } catch {
        return .failure(error)
    }
}

/// The environment of the manifest comes to the same settings as what was given.
private func checkRepeated(_ loaded: LoadedSettings, _ file: String) {
    var environment: [String: String] = [:]
    for (setting, text) in loaded.spelledOut {
        guard let name = setting.environment.first else { continue }
        environment[name] = text
    }
    trace("\(environment)")
    switch load([:], environment, file) {
    case .success(let again):
        let expected = inTheManifest(loaded.settings)
        require(again.settings == expected, "\(expected), from the manifest \(again.settings)")
    case .failure(let invalid):
        require(false, "what is valid is refused in the manifest: \(invalid.lines)")
    }
}

/// kube-vip's words leave the check open, and then a refusal of anonymous requests is healthy. The manifest says that with
/// the status codes.
private func inTheManifest(_ settings: Settings) -> Settings {
    var settings = settings
    for index in settings.checks.indices {
        guard case .http(var http) = settings.checks[index].kind, http.acceptsAnonymousRefusal else { continue }
        http.acceptsAnonymousRefusal = false
        http.expectedStatus = [200, 401, 403]
        settings.checks[index].kind = .http(http)
    }
    return settings
}
