/// What came of `bgpvip reload`: its JSON.
package struct ReloadAnswer: Codable, Sendable, Hashable {
    package enum Outcome: String, Codable, Sendable {
        /// The difference is applied, or would be.
        case changed
        case unchanged
        /// Something is wrong with the settings; nothing changes.
        case invalid
    }

    /// `changed`, `unchanged` or `invalid`.
    package var outcome: Outcome
    /// True for `--dry-run`: nothing was applied.
    package var isDryRun: Bool
    /// The differences, one line each.
    package var changes: [String]
    /// The settings that keep their value until the daemon restarts.
    package var needsRestart: [String]
    /// Hints about settings that are valid.
    package var notices: [String]
    /// All errors, as the lines that `bgpvip check` prints.
    package var errors: [String]

    package init(
        outcome: Outcome, isDryRun: Bool, changes: [String] = [], needsRestart: [String] = [], notices: [String] = [],
        errors: [String] = []
    ) {
        self.outcome = outcome
        self.isDryRun = isDryRun
        self.changes = changes
        self.needsRestart = needsRestart
        self.notices = notices
        self.errors = errors
    }
}

/// How the last reading of the settings went.
package struct ReloadStatus: Codable, Sendable, Hashable {
    /// False if the settings were wrong when they were last read.
    package var isSuccessful: Bool
    /// When the settings in force were read, in seconds since 1970.
    package var lastSuccess: Int
    /// All errors of the last reading, as the lines that `bgpvip check` prints.
    package var errors: [String]

    package init(isSuccessful: Bool, lastSuccess: Int, errors: [String]) {
        self.isSuccessful = isSuccessful
        self.lastSuccess = lastSuccess
        self.errors = errors
    }
}
