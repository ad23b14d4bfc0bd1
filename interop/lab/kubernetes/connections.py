"""New connections to a Service's address at a steady rate, and what became of them."""

import json

from lab.waiting import Failed, eventually

PID_FILE = "/run/lab/connections.pid"


class Connections:
    """A running client, from entering to leaving the `with` block; what it saw is there afterwards."""

    def __init__(self, host, address, port, rate):
        self.host = host
        self.arguments = (address, str(port), str(rate))
        self.done, self.answered, self.failures = 0, {}, []

    def __enter__(self):
        self.host.shell(f"rm -f {PID_FILE}")
        self.process = self.host.stream("python3", "/lab/connections.py", *self.arguments)
        eventually("the client runs", lambda: self.host.shell(f"cat {PID_FILE} 2>/dev/null", check=False))
        return self

    def __exit__(self, *unused):
        self.host.shell(f"kill $(cat {PID_FILE})", check=False)
        output, errors = self.process.communicate(timeout=60)
        if unused[0] is None and (errors or not output):
            raise Failed(f"the client failed: {errors[-500:]}")
        if output:
            self.__dict__.update(json.loads(output))
