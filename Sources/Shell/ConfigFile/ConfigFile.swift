import Glibc
package import Settings

/// The largest configuration file that is read, in bytes.
package let largestFile = 16 << 20

/// The values of a YAML file with their places. Blocks while the file is read; nothing in the file can trap.
package func tree(ofFile path: String) -> Result<FileNode, FileFault> {
    do throws(FileFault) {
        return .success(try tree(of: try bytes(ofFile: path)))
    } catch {
        return .failure(error)
    }
}

/// At most one byte more than `largestFile`, which is then refused.
private func bytes(ofFile path: String) throws(FileFault) -> [UInt8] {
    // Not to be held up by a FIFO without a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileFault(reason(errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileFault(reason(errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileFault("it is not a regular file") }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while bytes.count <= largestFile {
        let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw FileFault(reason(errno)) }
        if count == 0 { break }
        bytes += chunk[..<count]
    }
    return bytes
}

private func reason(_ number: Int32) -> String {
    strerror(number).map { String(cString: $0) } ?? "error \(number)"
}
