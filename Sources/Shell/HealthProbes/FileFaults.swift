import Glibc
package import Health

/// What is wrong with the files that a check names: certificates, keys, tokens, programs. Opens and reads them, sends
/// nothing, starts nothing.
package func fileFaults(of check: Check) -> [CheckUnusable] {
    switch check.kind {
    case .http(let http):
        return http.fileFaults()
    case .tcp:
        return []
    case .exec(let command):
        // Without a slash it is looked for in PATH, as the probe does it.
        guard let program = command.first, program.contains("/") else { return [] }
        var info = stat()
        if stat(program, &info) == 0, info.st_mode & S_IFMT == S_IFDIR {
            return [CheckUnusable(reason: "cannot run \(program): it is a directory")]
        }
        return access(program, X_OK) == 0
            ? [] : [CheckUnusable(reason: "cannot run \(program): \(systemWords(errno))")]
    }
}
