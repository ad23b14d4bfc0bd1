/// What the kernel knows of this process, under the names that Prometheus' client libraries use.
package struct ProcessFigures: Sendable, Hashable {
    package var cpuSeconds: Double
    package var residentBytes: Int
    package var virtualBytes: Int
    /// Seconds since 1970.
    package var startTime: Double
    package var openDescriptors: Int
    package var mostDescriptors: Int

    /// - Parameters:
    ///   - stat: `/proc/self/stat` (proc_pid_stat(5)).
    ///   - bootTime: seconds since 1970.
    package init?(
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

    /// In the exposition format.
    package var prometheusText: String {
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
}
