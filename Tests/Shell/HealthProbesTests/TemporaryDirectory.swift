import Glibc

/// A directory that is removed with everything in it when nobody refers to it any more.
final class TemporaryDirectory: Sendable {
    struct Unwritable: Error {}

    let path: String

    init() throws {
        var template = Array("\(P_tmpdir)/bgpvip-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Unwritable() }
        path = String(cString: made)
    }

    deinit {
        guard let directory = opendir(path) else { return }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            unlink("\(path)/\(name)")
        }
        closedir(directory)
        rmdir(path)
    }

    /// Writes a file and returns its path.
    func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        guard let stream = fopen(file, "w") else { throw Unwritable() }
        fputs(text, stream)
        fclose(stream)
        return file
    }
}
