/// A moment on the wall clock, in milliseconds since 1970 (UTC). For people and other programs: nothing is decided by it.
package struct WallTime: Sendable, Hashable {
    /// From the year 1970 to 9999.
    package let milliseconds: Int64

    /// The moment `milliseconds` after 1970; what lies outside of 1970 to 9999 becomes the nearest moment inside.
    package init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, 0), 253_402_300_799_999)
    }

    /// The moment so many seconds earlier; the same one if that is no number.
    package func earlier(by seconds: Double) -> WallTime {
        guard seconds.isFinite, seconds.magnitude < 1e12 else { return self }
        return WallTime(milliseconds: milliseconds - Int64((seconds * 1000).rounded()))
    }
}

extension WallTime: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds: `2026-11-29T12:00:00.123Z`. Earlier moments sort before later ones.
    package var description: String {
        func padded(_ number: Int64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let (days, rest) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        let (year, month, day) = Self.date(days)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
            + "\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1000 % 60, 2))"
            + ".\(padded(rest % 1000, 3))Z"
    }

    /// The Gregorian date so many days after 1970-01-01. Counts in eras of 400 years that begin on 1 March of year 0, so
    /// that a leap day is the last day of its year.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, day) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        let isNextYear = month >= 10
        return (
            era * 400 + year + (isNextYear ? 1 : 0), isNextYear ? month - 9 : month + 3,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }
}
