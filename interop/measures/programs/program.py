"""A program under test: what it is asked to do, how it is started and ended, what it says of itself."""

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from lab.waiting import eventually
from measures import figures
from measures.lab import PATH, PORT, VIP

CHECK_LOOP = Path(__file__).resolve().parent.parent / "check_loop.py"
CHECK_PATH = "/livez"


@dataclasses.dataclass
class Task:
    """What a program is asked to do on one node.

    Without `checked` it has sessions only; with `waits` it will be told to advertise later. `bfd` is an interval in
    milliseconds; three of them missing is down. `https`: the check speaks TLS.
    """

    peers: list
    vips: tuple = (VIP,)
    hold: int = 9
    keepalive: int = 3
    bfd: int = None
    checked: bool = True
    waits: bool = False
    https: bool = False


class Program:
    """Base of all. `name` is what users type; `packages` are Debian's; `commands` must exist."""

    name = ""
    packages = ()
    commands = ()
    has_bfd = False
    binds_vip = False
    # False: it cannot be told to advertise thousands of prefixes.
    scales = True
    shared_segment = False
    # How its health check is done, and how it was tuned; the page says so.
    check = "a loop of ours: HTTP every second, over a new connection"
    tuning = ""

    def __init__(self, lab, node, task):
        self.lab, self.node, self.task = lab, node, task
        self.directory = lab.directory / f"{self.name}-{node.name}"
        self.processes = []

    def files(self):
        """Configuration: file name → text."""
        return {}

    def launches(self):
        """What runs, in order: (name, argv, environment), or a path to wait for."""
        return []

    def up(self):
        """The command that advertises the VIP."""
        return []

    def down(self):
        """The command that withdraws it."""
        return []

    def prepare(self, prefixes):
        """Whatever can be done before `advertise` is measured."""

    def advertise(self, prefixes):
        """Advertises /32s on the established session; returns when it was told to (ns)."""
        raise NotImplementedError

    def withdraw(self, prefixes):
        """Takes them back; returns when it was told to (ns)."""
        raise NotImplementedError

    @classmethod
    def find_version(cls):
        """What it says it is."""
        return said(cls.commands[0], "--version")

    @classmethod
    def speaks_bfd(cls):
        """True if it can do BFD."""
        return cls.has_bfd

    @classmethod
    def is_installed(cls):
        """True if all its commands are there."""
        return all(shutil.which(command, path=PATH) for command in cls.commands)

    def path(self, name):
        """A file of its own."""
        return self.directory / name

    def check_loop(self):
        """The check script beside it, if it is to check."""
        if not self.task.checked:
            return []
        argv = ["/usr/bin/python3", "-ISB", CHECK_LOOP, PORT, CHECK_PATH, 1, *self.up(), "--", *self.down()]
        return [("check", argv, {})]

    def start(self):
        """Starts it from nothing; returns the time right before the first exec (ns)."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir()
        for name, text in self.files().items():
            self.path(name).write_text(text, encoding="ascii")
            self.path(name).chmod(0o600)
        self.processes = []
        for launch in self.launches():
            if isinstance(launch, Path):
                eventually(f"{self.name} is up", launch.exists, pause=0.002)
                continue
            role, argv, environment = launch
            self.processes.append(self.lab.spawn(
                self.node.namespace, f"{self.name}-{role}.out", *argv, environment=environment))
        return self.processes[0].started()

    @property
    def pid(self):
        """Its main process."""
        return self.processes[0].pid

    def pids(self):
        """All its processes, the check among them."""
        return [pid for process in self.processes if not process.has_ended() for pid in figures.tree(process.pid)]

    def has_ended(self):
        """True if one of its processes is gone."""
        return any(process.has_ended() for process in self.processes)

    def terminate(self):
        """SIGTERM to its processes, as a planned stop sends it; returns when (ns)."""
        now = time.monotonic_ns()
        for process in self.processes:
            process.send(signal.SIGTERM)
        return now

    def kill(self):
        """SIGKILL to every process at once, as the death of a container does it; returns when (ns)."""
        pids = self.pids()
        now = time.monotonic_ns()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return now

    def end(self):
        """Ends it in order, or by force."""
        self.terminate()
        for process in self.processes:
            process.end()

    def run(self, *argv, text=None):
        """Runs a command on its node and returns what that printed."""
        return self.lab.run(self.node.namespace, *argv, text=text)

    def log_files(self):
        """The names of its logs in the lab's directory."""
        return [f"{self.name}-{role}.out" for role in {launch[0] for launch in self.launches() if isinstance(launch, tuple)}]


def said(*argv):
    """The version number in what a program prints, on either stream."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, env=os.environ | {"PATH": PATH})
    found = re.search(r"\d+\.\d+[\w.-]*", done.stdout + done.stderr)
    return found[0] if found else "?"
