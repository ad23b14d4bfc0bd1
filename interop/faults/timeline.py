"""Everything that was written in a cell, on one clock: CLOCK_MONOTONIC in nanoseconds, which all containers share."""

import calendar
import contextlib
import json
import re
import threading
import time
from dataclasses import dataclass

# How BIRD, FRR, bgpvip and `ip -ts monitor` write the time of day: UTC.
STAMP = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?")
# Shorter stalls are not noted, in milliseconds.
LEAST_STALL = 10
# Nanoseconds by which two readings of the clocks may differ though nothing has set them.
UNSET = 20_000_000
MONITOR = ("sh", "-c", "exec ip -ts monitor route nexthop address neigh link")


@dataclass(frozen=True)
class Line:
    """One line that something wrote."""

    at: int
    source: str
    text: str


class Recorder:
    """Watches the hosts of a cell inside a `with` block: kernel changes on all, stalls where the router is."""

    def __init__(self, cell):
        self.cell = cell
        self.stalls = []
        # By how much the wall clock, which the logs have, has been set in the meantime.
        self.set = 0

    def __enter__(self):
        self.offset = offset()
        for host in self.cell.hosts.values():
            host.spawn("monitor.log", *MONITOR)
        self.process = self.cell.router.host.stream("python3", "/lab/stalls.py", str(LEAST_STALL))
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        return self

    def __exit__(self, *unused):
        for host in self.cell.hosts.values():
            host.shell("pkill -f '[m]onitor route nexthop'; pkill -o -f '[s]talls.py'", check=False)
        self.reader.join(10)

    def read(self):
        """Collects the stalls as they come."""
        for line in self.process.stdout:
            with contextlib.suppress(json.JSONDecodeError):
                self.stalls.append(json.loads(line))

    def lines(self, since, looks):
        """All lines of all logs since a time, and what the run saw, in order."""
        router, now = self.cell.router, offset()
        self.set = now - self.offset if abs(now - self.offset) > UNSET else 0
        written = [(router.host.name, text(router.host, router.log_file))]
        for host in self.cell.hosts.values():
            written.append((f"{host.name} kernel", text(host, "/log/monitor.log")))
        written += [(f"{node.name} bgpvip", node.speaker.log()) for node in self.cell.nodes]
        found = looks + [line for source, log in written for line in dated(source, log, now)]
        for stall in self.stalls:
            found.append(Line(stall["at"], "stall", f"processor {stall['cpu']}: {stall['late'] / 1e6:.0f} ms"))
        return sorted((line for line in found if line.at >= since), key=lambda line: line.at)


def text(host, path):
    """What a file of a host contains; nothing if there is none."""
    return host.engine.command("exec", host.container, "cat", path, check=False).stdout


def offset():
    """The wall clock less CLOCK_MONOTONIC, in nanoseconds."""
    return least_interrupted((time.monotonic_ns(), time.time_ns(), time.monotonic_ns()) for _ in range(20))


def least_interrupted(readings):
    """The wall clock less CLOCK_MONOTONIC by the reading between whose times (before, wall, after) the least has come: this
    process, too, has to wait for a processor."""
    return min((after - before, wall - before) for before, wall, after in readings)[1]


def dated(source, log, ahead):
    """The lines of a log; the wall clock is `ahead` of CLOCK_MONOTONIC. A line without a time has that of the line before."""
    at = None
    for line in log.splitlines():
        stamp = STAMP.search(line)
        if stamp:
            *fields, fraction = stamp.groups()
            at = calendar.timegm(tuple(map(int, fields))) * 1_000_000_000 + int((fraction or "").ljust(9, "0")) - ahead
        if at is not None:
            yield Line(at, source, line)
