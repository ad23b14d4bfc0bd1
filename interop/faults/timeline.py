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

    def __enter__(self):
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

    def lines(self, since):
        """All lines of all logs since a time, in order."""
        router = self.cell.router
        written = [(router.host.name, text(router.host, router.log_file))]
        for host in self.cell.hosts.values():
            written.append((f"{host.name} kernel", text(host, "/log/monitor.log")))
        written += [(f"{node.name} bgpvip", node.speaker.log()) for node in self.cell.nodes]
        found = [line for source, log in written for line in dated(source, log)]
        for stall in self.stalls:
            found.append(Line(stall["at"], "stall", f"processor {stall['cpu']}: {stall['late'] / 1e6:.0f} ms"))
        return sorted((line for line in found if line.at >= since), key=lambda line: line.at)


def text(host, path):
    """What a file of a host contains; nothing if there is none."""
    return host.engine.command("exec", host.container, "cat", path, check=False).stdout


def dated(source, log):
    """The lines of a log; a line without a time has that of the line before."""
    offset, at = time.time_ns() - time.monotonic_ns(), None
    for line in log.splitlines():
        stamp = STAMP.search(line)
        if stamp:
            *fields, fraction = stamp.groups()
            at = calendar.timegm(tuple(map(int, fields))) * 1_000_000_000 + int((fraction or "").ljust(9, "0")) - offset
        if at is not None:
            yield Line(at, source, line)
