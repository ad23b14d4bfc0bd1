"""Requests to the API server through the VIP, and what became of them."""

import json
from collections import Counter
from dataclasses import dataclass

from lab.node import VIP
from lab.waiting import Failed, eventually

PID_FILE = "/run/lab/load.pid"


@dataclass(frozen=True)
class Figures:
    """What became of the requests of one run."""

    done: dict
    failures: list
    silences: dict
    # The longest silence of each kind of watch: seconds, when it ended, what ended the connection in it.
    worst: dict

    def failed(self, kind):
        """How many requests of a kind failed."""
        return sum(failure["kind"] == kind for failure in self.failures)

    def span(self, kind):
        """From the start of the first failed request of a kind to the end of the last one, in seconds."""
        these = [failure for failure in self.failures if failure["kind"] == kind]
        ends, starts = ([failure[part] for failure in these] for part in ("end", "start"))
        return (max(ends) - min(starts)) / 1e9 if these else 0.0

    def errors(self):
        """Each error and how often it came."""
        return Counter(f"{failure['kind']}: {failure['error']}" for failure in self.failures).most_common(6)

    def __str__(self):
        parts = [f"{kind} {self.failed(kind)}/{self.done.get(kind, 0)}" + (
            f" ({self.span(kind):.1f} s)" if self.failed(kind) else "") for kind in ("new", "kept", "write")]
        return ", ".join(parts) + "".join(
            f", {name} watches silent for {values[-1]:.1f} s" for name, values in self.silences.items())


class Load:
    """A running client, from entering to leaving the `with` block; `figures` are there afterwards."""

    def __init__(self, host, source, scale=1.0, limit=1.0):
        self.host = host
        self.arguments = (VIP, source, str(scale), str(limit))
        self.figures = None

    def __enter__(self):
        self.host.shell(f"rm -f {PID_FILE}")
        self.process = self.host.stream("python3", "/lab/api_load.py", *self.arguments)
        eventually("the client runs", lambda: self.process.poll() is not None or self.host.shell(
            f"cat {PID_FILE} 2>/dev/null", check=False))
        if self.process.poll() is not None:
            raise Failed(f"the client does not start: {self.process.stderr.read()[-500:]}")
        return self

    def __exit__(self, *unused):
        self.host.shell(f"kill $(cat {PID_FILE})", check=False)
        output, errors = self.process.communicate(timeout=60)
        # A thread of the client that dies says so, and the others go on.
        if unused[0] is None and (errors or not output):
            raise Failed(f"the client failed: {errors[-500:]}")
        self.figures = Figures(**json.loads(output)) if output else None
