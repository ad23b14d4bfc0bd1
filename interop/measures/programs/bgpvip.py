"""bgpvip."""

import signal
import subprocess
import time

from lab.waiting import eventually
from measures.lab import NODE_AS, PORT, ROUTER_AS
from measures.programs.program import CHECK_PATH, Program, said

# One argument may be 128 KiB long.
VIPS_IN_ONE_ARGUMENT = 8000


class Bgpvip(Program):
    """The binary in `binary`, with its defaults but for rise and fall, which are 1 as everywhere in the bench."""

    name = "bgpvip"
    binds_vip = True
    check = "its own: HTTP every second over a connection that is kept"
    binary = None
    # More arguments, and words in front of the command, for measurements of bgpvip alone.
    arguments = ()
    wrapper = ()

    @classmethod
    def is_installed(cls):
        return cls.binary is not None

    @classmethod
    def speaks_bfd(cls):
        asked = subprocess.run([cls.binary, "run", "--help"], capture_output=True, text=True, check=False)
        return "--bfd" in asked.stdout

    @classmethod
    def find_version(cls):
        return said(cls.binary, "version")

    @property
    def control(self):
        """Its control socket."""
        return self.path("control.sock")

    def launches(self):
        task = self.task
        scheme = "https" if task.https else "http"
        check = f"{scheme}://127.0.0.1:{PORT}{CHECK_PATH}" if task.checked or task.waits else "none"
        argv = [
            *self.wrapper, self.binary, "run", "--local-as", NODE_AS, "--router-id", self.node.address,
            "--hold-time", f"{task.hold}s", "--keepalive-interval", f"{task.keepalive}s",
            "--check", check, "--check-rise", "1", "--check-fall", "1", "--control-socket", self.control]
        for begin in range(0, len(task.vips), VIPS_IN_ONE_ARGUMENT):
            argv += ["--vip", ",".join(task.vips[begin:begin + VIPS_IN_ONE_ARGUMENT])]
        argv += ["--peers", ",".join(f"{peer}:{ROUTER_AS}" for peer in task.peers)]
        if task.waits:
            # No other program binds what it advertises, and with thousands of addresses on lo it is the kernel's
            # walk along them that is measured.
            argv += ["--bind", "false"]
        if task.bfd:
            argv += ["--bfd", f"{task.bfd}ms"]
        return [("bgpvip", [*argv, *self.arguments], {})]

    # It has no command for a prefix: it advertises its VIPs when their check passes. So for the scale the service is
    # sick at first, and what counts is the time from the probe that passes, or fails.

    def advertise(self, prefixes):
        return self.change(signal.SIGUSR2)

    def withdraw(self, prefixes):
        return self.change(signal.SIGUSR1)

    def change(self, wish):
        """Makes the service well or sick; the time of the first probe that finds it so."""
        changed = time.monotonic_ns()
        self.node.service.send(wish)
        return eventually("a probe", lambda: self.lab.probes[self.node].first(changed), pause=0.01)

    def ask(self, *arguments):
        """What `bgpvip ARGUMENTS...` answers."""
        return self.run(self.binary, *arguments, "--control-socket", self.control)
