"""The client: requests to the VIP, each over a new connection, and where they landed."""

import collections
import json

from lab.waiting import expect

URL = "https://{}:6443/"


class Requests:
    """A run of requests and its results."""

    def __init__(self, host, address, count, interval=0.0):
        self.process = host.stream(
            "python3", "/lab/request.py", URL.format(f"[{address}]" if ":" in address else address), str(count),
            str(interval))

    def results(self):
        """Waits for the end; one dictionary a request: start, end, and node or error."""
        output, errors = self.process.communicate(timeout=300)
        expect(self.process.returncode == 0, f"the client failed: {errors}")
        return [json.loads(line) for line in output.splitlines()]


def spread(results):
    """How many requests each node answered; every request must have been answered."""
    errors = [result["error"] for result in results if "error" in result]
    expect(not errors, f"{len(errors)} of {len(results)} requests failed: {collections.Counter(errors)}")
    return dict(sorted(collections.Counter(result["node"] for result in results).items()))
