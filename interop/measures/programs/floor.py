"""The floor: what kernel, router and bench cost by themselves."""

import signal
import time

from measures.lab import NODE_AS, PORT
from measures.processes import compiled
from measures.programs.program import Program


class Floor(Program):
    """floor.c: not a program to use, but a lower bound."""

    name = "floor"
    check = "its own: HTTP every second, and at once when a kept connection breaks"

    @classmethod
    def is_installed(cls):
        return True

    @classmethod
    def find_version(cls):
        return "floor.c"

    def launches(self):
        task = self.task
        return [("floor", [compiled("floor"), NODE_AS, self.node.address, task.hold, task.vips[0], len(task.vips),
                           PORT if task.checked else 0, *task.peers], {})]

    def advertise(self, prefixes, wish=signal.SIGUSR1):
        now = time.monotonic_ns()
        self.processes[0].send(wish)
        return now

    def withdraw(self, prefixes):
        return self.advertise(prefixes, signal.SIGUSR2)
