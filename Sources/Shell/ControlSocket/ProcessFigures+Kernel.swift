import Glibc
import Wording

extension ProcessFigures {
    /// Those of now; nil where there is no /proc.
    static var current: ProcessFigures? {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let boot = text(of: "/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        return ProcessFigures(
            stat: text(of: "/proc/self/stat"), ticksPerSecond: sysconf(Int32(_SC_CLK_TCK)),
            pageSize: sysconf(Int32(_SC_PAGESIZE)), bootTime: boot.flatMap { Int($0.dropFirst(6)) } ?? 0,
            openDescriptors: entries(of: "/proc/self/fd") - 1, mostDescriptors: Int(clamping: limit.rlim_cur))
    }

    private static func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer.prefix(count)
        }
    }

    /// How many entries a directory has; the descriptor that it is read with is one of those of /proc/self/fd.
    private static func entries(of path: String) -> Int {
        guard let directory = opendir(path) else { return 1 }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            if entry.pointee.d_name.0 != 46 { count += 1 }
        }
        return count
    }
}
