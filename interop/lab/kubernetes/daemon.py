"""A program in the background of a host that can be signalled."""

import shlex

from lab.waiting import eventually


class Daemon:
    """One program; its output goes to /log/NAME.log."""

    def __init__(self, host, name, *argv):
        self.host = host
        self.name = name
        self.argv = argv
        self.file = f"/run/lab/{name}.pid"

    def start(self):
        """Starts the program unless it runs; a frozen one goes on."""
        if self.running():
            self.signal("CONT")
        else:
            self.host.spawn(f"{self.name}.log", "sh", "-c", f"echo $$ > {self.file}; exec {shlex.join(self.argv)}")

    def running(self):
        """True while the process exists."""
        return self.host.shell(f"kill -0 $(cat {self.file}) && echo yes", check=False) != ""

    def signal(self, name):
        """Sends a signal and returns when, in nanoseconds on the clock that all containers share."""
        return int(self.host.run("python3", "/lab/kill_at.py", self.file, name))

    def stop(self, name="TERM", seconds=30):
        """Ends the program and waits until it has ended."""
        if self.running():
            self.signal(name)
            self.await_end(seconds)

    def await_end(self, seconds=30):
        """Waits until the program has ended."""
        eventually(f"{self.name} of {self.host.name} ends", lambda: not self.running(), seconds)
