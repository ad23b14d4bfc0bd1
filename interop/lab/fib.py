"""Watches the next hops of a prefix in a router's kernel, with times."""

import json
import threading
import time

from lab.waiting import Failed


class RouteWatch:
    """Follows one prefix from entering to leaving the `with` block."""

    def __init__(self, host, prefix):
        self.host = host
        self.prefix = prefix
        self.changes = []
        self.arrived = threading.Condition()

    def __enter__(self):
        self.process = self.host.stream("python3", "/lab/watch_route.py", self.prefix)
        threading.Thread(target=self.read, daemon=True).start()
        self.wait("is being watched", lambda hops: True)
        return self

    def __exit__(self, *unused):
        self.host.shell("kill $(pgrep -f '[w]atch_route.py')", check=False)
        self.process.kill()
        self.process.wait()

    def read(self):
        """Collects the changes as they come."""
        for line in self.process.stdout:
            with self.arrived:
                self.changes.append(json.loads(line))
                self.arrived.notify_all()

    def wait(self, what, holds, after=0, seconds=20):
        """When (in ns) the next hops first satisfied `holds` at or after `after`; fails after `seconds`."""
        deadline = time.monotonic() + seconds
        with self.arrived:
            while True:
                for change in self.changes:
                    if change["at"] >= after and holds(change["nextHops"]):
                        return change["at"]
                if not self.arrived.wait(max(0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                    raise Failed(f"{self.host.name}: {self.prefix} {what}: not within {seconds} s; {self.changes[-3:]}")
