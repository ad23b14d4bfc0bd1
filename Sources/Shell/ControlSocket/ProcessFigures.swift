import Glibc

/// What the kernel knows of this process, under the names that Prometheus' client libraries use.
struct ProcessFigures: Equatable {
    var cpuSeconds: Double
    var residentBytes: Int
    var virtualBytes: Int
    /// Seconds since 1970.
    var startTime: Double
    var openDescriptors: Int
    var mostDescriptors: Int

    /// - Parameters:
    ///   - stat: `/proc/self/stat` (proc_pid_stat(5)).
    ///   - bootTime: seconds since 1970.
    init?(
        stat: String, ticksPerSecond: Int, pageSize: Int, bootTime: Int, openDescriptors: Int, mostDescriptors: Int
    ) {
        // The name of the program may contain anything; what follows it begins with field 3.
        guard let end = stat.lastIndex(of: ")"), ticksPerSecond > 0 else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        func field(_ number: Int) -> Int? { fields.count > number - 3 ? Int(fields[number - 3]) : nil }
        guard let user = field(14), let system = field(15), let start = field(22), let virtual = field(23),
            let pages = field(24)
        else { return nil }
        cpuSeconds = Double(user + system) / Double(ticksPerSecond)
        residentBytes = pages * pageSize
        virtualBytes = virtual
        startTime = Double(bootTime) + Double(start) / Double(ticksPerSecond)
        self.openDescriptors = openDescriptors
        self.mostDescriptors = mostDescriptors
    }

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

    /// In the exposition format.
    var prometheusText: String {
        [
            MetricFamily(
                "process_cpu_seconds_total", .counter, "User and system CPU time spent in seconds.",
                fractions: [([], cpuSeconds)]),
            MetricFamily(
                "process_resident_memory_bytes", .gauge, "Resident memory size in bytes.", [([], residentBytes)]),
            MetricFamily(
                "process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes.", [([], virtualBytes)]),
            MetricFamily(
                "process_start_time_seconds", .gauge, "Start time of the process since unix epoch in seconds.",
                fractions: [([], startTime)]),
            MetricFamily("process_open_fds", .gauge, "Number of open file descriptors.", [([], openDescriptors)]),
            MetricFamily(
                "process_max_fds", .gauge, "Maximum number of open file descriptors.", [([], mostDescriptors)]),
        ].map(\.text).joined()
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
