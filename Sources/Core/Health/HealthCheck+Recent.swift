extension HealthCheck {
    /// The latest outcomes, 64 at most, the oldest first: `.` for passed, `x` for failed.
    package var recent: String {
        let count = min(passed + failed, 64)
        return String((0..<count).reversed().map { failureBits >> UInt64($0) & 1 == 1 ? "x" : "." })
    }
}
