import Fuzzing
import Settings

/// What every file that a setting names has in it.
private let secret = "kKa7qQz2xWv9"

typealias Resolved = Result<LoadedSettings, InvalidSettings>

/// Resolves the file alone, and does it twice, since nothing may hang on chance.
func resolve(_ root: Result<FileNode, FileFault>) -> Resolved {
    let resolved = resolve(flags: ["config": ["b.yaml"]], root)
    require(resolve(flags: ["config": ["b.yaml"]], root) == resolved, "resolved in two ways")
    return resolved
}

private func resolve(flags: [String: [String]], _ root: Result<FileNode, FileFault>) -> Resolved {
    do throws(InvalidSettings) {
        return .success(
            try SettingsLoader.load(
                flags: flags, environment: [:], readFile: { _ in .success(secret + "\n") }, readTree: { _ in root }))
    } catch {
        return .failure(error)
    }
}

/// What must be true of settings, and of what is said against them.
func check(_ resolved: Resolved, of bytes: [UInt8]) {
    switch resolved {
    case .success(let loaded):
        for notice in loaded.notices { checkSaid(notice) }
        for row in loaded.resolved {
            if let value = row.value { checkMasked(value) }
            for option in row.options {
                requireOneLine(option.path)
                checkMasked(option.value)
                check(option.origin, in: bytes)
            }
            check(row.origin, in: bytes)
        }
        require(!loaded.settings.vips.isEmpty || loaded.settings.services != nil, "valid with nothing to advertise")
        require(!loaded.settings.peers.isEmpty, "valid without a peer")
        do throws(SettingError) {
            checkMasked(try Manifest.pod(loaded, image: "x"))
        } catch {
            check(error, of: bytes)
        }
    case .failure(let invalid):
        require(!invalid.errors.isEmpty, "invalid, and nothing is wrong")
        for error in invalid.errors { check(error, of: bytes) }
        for notice in invalid.notices { checkSaid(notice) }
    }
}

/// An error names a line of the file, or the setting that is missing.
private func check(_ error: SettingError, of bytes: [UInt8]) {
    checkSaid(error.description)
    switch error.origin {
    case .file(_, let place): check(place, in: bytes)
    case .flag("config"): require(error.problem.hasPrefix("cannot read b.yaml: "), error.problem)
    case nil:
        let keys = Setting.all.flatMap { $0.flags.map { "--\($0)" } + [$0.fileKey ?? $0.name] }
        require(keys.contains { error.description.contains($0) }, "names neither line nor key: \(error)")
    default: require(false, "\(error) has another origin")
    }
    if let column = error.column { require((1...bytes.count + 1).contains(column), "column \(column)") }
}

private func check(_ origin: Origin, in bytes: [UInt8]) {
    if case .file(_, let place) = origin { check(place, in: bytes) }
}

/// What is wrong with a file as YAML names a place in it, except for bytes that are no text.
func check(_ fault: FileFault, of bytes: [UInt8]) {
    requireOneLine(fault.problem)
    if let place = fault.place {
        check(place, in: bytes)
    } else {
        require(fault.problem.contains(" bytes from the start"), "without a place: \(fault)")
    }
}

private func checkSaid(_ text: String) {
    requireOneLine(text)
    checkMasked(text)
}

private func checkMasked(_ text: String) {
    require(!text.contains(secret), "a secret is shown: \(text)")
}

/// A file of plain texts says what flags say, and is refused when they are.
func compareWithFlags(_ root: FileNode, _ resolved: Resolved) {
    guard case .mapping(let entries) = root.content else { return }
    var flags: [String: [String]] = [:]
    for entry in entries {
        // An empty value is an error in a file, and as good as none in a flag.
        guard case .scalar(let text) = entry.value.content, !text.utf8.contains(0), !text.allSatisfy(\.isWhitespace),
            let setting = Setting.all.first(where: { $0.fileKey == entry.key }), let flag = setting.flags.first,
            flags[flag] == nil
        else { return }
        flags[flag] = [text]
    }
    trace("flags: \(flags)")
    switch (resolved, resolve(flags: flags, .success(root))) {
    case (.success(let file), .success(let given)):
        require(file.settings == given.settings, "\(file.settings), as flags \(given.settings)")
    case (.failure, .failure): break
    case (.failure(let invalid), .success): require(false, "fine as flags, but \(invalid.errors) in the file")
    case (.success, .failure(let invalid)): require(false, "fine in the file, but as flags \(invalid.errors)")
    }
}
