"""Processes of the bench, and the programs in C that it compiles for itself."""

import contextlib
import functools
import os
import signal
import subprocess
from pathlib import Path

from lab.waiting import Failed, eventually
from measures import figures

HERE = Path(__file__).resolve().parent
ARTEFACTS = HERE.parent / "artefacts"


@functools.cache
def compiled(name):
    """The path of one of our programs in C, compiled now."""
    ARTEFACTS.mkdir(exist_ok=True)
    program = ARTEFACTS / f"bench-{name}"
    command = ["cc", "-O2", "-Wall", "-Wextra", "-static", "-o", program, HERE / f"{name}.c"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{name}.c does not compile:\n{done.stderr}")
    return program


class Process:
    """A program that the bench has started."""

    def __init__(self, popen, started):
        self.popen, self.pid, self.file = popen, popen.pid, started

    def started(self):
        """The time right before its exec (ns)."""
        def read():
            with contextlib.suppress(FileNotFoundError):
                text = self.file.read_text(encoding="ascii")
                return text.endswith("\n") and int(text)
        return eventually("the program is started", read, pause=0.001)

    def has_ended(self):
        """True once it is gone."""
        return self.popen.poll() is not None

    def send(self, number):
        """Sends a signal, if it still runs."""
        if not self.has_ended():
            self.popen.send_signal(number)

    def end(self, number=signal.SIGTERM, patience=3):
        """Ends it and all its descendants, if need be by force."""
        if self.has_ended():
            return
        family = figures.tree(self.pid)
        self.send(number)
        try:
            self.popen.wait(patience)
        except subprocess.TimeoutExpired:
            pass
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                if pid != self.pid or not self.has_ended():
                    os.kill(pid, signal.SIGKILL)
        self.popen.wait()
