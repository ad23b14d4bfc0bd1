"""The HTTPS service of a node, and what can be done to it."""

from lab.waiting import eventually


class Service:
    """One service, on port 6443 of all addresses of its node."""

    def __init__(self, host):
        self.host = host

    def start(self):
        """Starts the service and returns when its port was open: nanoseconds on the clock that all containers share."""
        self.host.shell("rm -f /run/lab/service.pid")
        self.host.spawn("service.log", "python3", "/lab/service.py", self.host.name)
        eventually(
            f"the service of {self.host.name} answers",
            lambda: self.host.shell("cat /run/lab/service.pid 2>/dev/null", check=False))
        return int(self.host.run("cat", "/run/lab/service.since"))

    def signal(self, name):
        """Sends a signal and returns when, on the same clock."""
        return int(self.host.run("python3", "/lab/kill_at.py", "/run/lab/service.pid", name))

    def kill(self):
        """The service crashes."""
        return self.signal("KILL")

    def fail(self):
        """From now on the check is answered with 500; returns when."""
        return int(self.host.run(
            "python3", "-c", "import time; at = time.monotonic_ns(); open('/run/lab/fail', 'w'); print(at)"))

    def accept_none(self):
        """From now on no connection is accepted, and those that are open are served; returns when."""
        return int(self.host.run(
            "python3", "-c", "import time; at = time.monotonic_ns(); open('/run/lab/deaf', 'w'); print(at)"))

    def accept_again(self):
        """From now on connections are accepted."""
        self.host.run("rm", "-f", "/run/lab/deaf")

    def close_connections(self, manner):
        """From its next start on it closes each connection after the answer: `announced` or `unannounced`."""
        self.host.shell(f"echo {manner} > /run/lab/manner")

    def recover(self):
        """From now on the check is answered with 200."""
        self.host.run("rm", "-f", "/run/lab/fail")
