"""How lines of logs get their times."""

import unittest

from faults.timeline import Line, dated, least_interrupted

SECOND = 1_000_000_000
# 2026-11-30T12:00:00Z; the monotonic clock began an hour before.
NOON, BEGAN = 1_796_040_000 * SECOND, 1_796_036_400 * SECOND


class DatedTests(unittest.TestCase):
    """The stamps of all programs, on one clock."""

    def times(self, *written):
        """The times of the lines of a log, in nanoseconds after noon."""
        return [line.at - (NOON - BEGAN) for line in dated("log", "\n".join(written), BEGAN)]

    def test_the_stamps_of_all_programs(self):
        self.assertEqual([0, SECOND + 120_000_000, 2 * SECOND + 3_000, 3 * SECOND + 4, -SECOND], self.times(
            "2026-11-30T12:00:00Z level=info msg", "2026-11-30 12:00:01.12 <TRACE> bird",
            "2026/11/30 12:00:02.000003 BGP: frr", "[2026-11-30T12:00:03.000000004] ip monitor", "2026-11-30T11:59:59Z"))

    def test_a_line_without_a_time_has_that_of_the_line_before(self):
        self.assertEqual([0, 0, SECOND], self.times("before any time", "2026-11-30T12:00:00Z x", "y", "2026-11-30T12:00:01Z z"))

    def test_the_first_time_of_a_line_counts(self):
        self.assertEqual([0], self.times("2026-11-30T12:00:00Z the certificate ends 2027-01-01T00:00:00Z"))

    def test_source_and_text_are_kept(self):
        self.assertEqual([Line(NOON - BEGAN, "n1 bgpvip", "2026-11-30T12:00:00Z x")],
                         list(dated("n1 bgpvip", "2026-11-30T12:00:00Z x", BEGAN)))


class OffsetTests(unittest.TestCase):
    """The wall clock less the monotonic one."""

    def test_the_reading_that_was_interrupted_least_counts(self):
        self.assertEqual(1_004, least_interrupted([(0, 1_500, 500), (600, 1_604, 606), (700, 1_700, 900)]))
