"""bgpvip on a node: a container FROM scratch in the node's network namespace, with CAP_NET_ADMIN and nothing else."""

import contextlib
import json
from pathlib import Path

from lab.engine import LABEL
from lab.waiting import eventually

# Where the kernel shares real time out by control group, new groups have none: this is Podman's, in microseconds a second.
REAL_TIME = Path("/sys/fs/cgroup/cpu/libpod_parent/cpu.rt_runtime_us")


@contextlib.contextmanager
def real_time():
    """Lets up to four containers have real-time priority inside the block, as they have it on other kernels; gives the
    engine's options for that."""
    try:
        REAL_TIME.write_text("400000", encoding="ascii")
    except OSError:
        yield ()
        return
    try:
        yield "--cpu-rt-runtime", "100000"
    finally:
        with contextlib.suppress(OSError):
            REAL_TIME.write_text("0", encoding="ascii")


class Speaker:
    """One bgpvip container."""

    def __init__(self, engine, image, host):
        self.engine = engine
        self.image = image
        self.host = host
        self.container = f"{host.container}-bgpvip"
        self.exists = False

    def start(self, environment, arguments=(), capabilities=("NET_ADMIN",), directories=None,
              options=()):
        """Starts a new container, in place of the last one; `directories` of this machine are there under a path.

        `options` are the engine's.
        """
        self.remove()
        self.exists = True
        variables = [part for key, value in environment.items() for part in ("--env", f"{key}={value}")]
        added = [part for name in capabilities for part in ("--cap-add", name)]
        mounted = [part for here, there in (directories or {}).items() for part in ("--volume", f"{here}:{there}:ro")]
        self.engine.command(
            "run", "-d", "--name", self.container, "--label", f"{LABEL}=guest", "--network",
            f"container:{self.host.container}", "--cap-drop", "ALL", *added, "--read-only", "--tmpfs", "/run/bgpvip",
            *options, *mounted, *variables, self.image, *arguments)

    def restart(self):
        """Starts the same container again."""
        self.engine.command("start", self.container)

    def signal(self, name):
        """Sends a signal to bgpvip."""
        self.engine.command("kill", "--signal", name, self.container)

    def exit_status(self, seconds=30):
        """Waits until bgpvip has ended and returns its exit status."""
        eventually(f"{self.container} ends", lambda: self.inspect("{{.State.Running}}") == "false", seconds)
        return int(self.inspect("{{.State.ExitCode}}"))

    def inspect(self, template):
        """A value of the container's state; empty if there is no container."""
        return self.engine.command("inspect", "--format", template, self.container, check=False).stdout.strip()

    def ask(self, *arguments):
        """Runs `bgpvip ARGUMENTS...` beside the daemon and returns what it printed."""
        return self.engine.command("exec", self.container, "bgpvip", *arguments, check=False).stdout

    def command(self, *arguments):
        """Runs `bgpvip ARGUMENTS...` beside the daemon and returns how it ended, with what it printed."""
        return self.engine.command("exec", self.container, "bgpvip", *arguments, check=False)

    def status(self, *arguments):
        """What `bgpvip ARGUMENTS... --json` answers; nothing if the daemon does not answer."""
        try:
            return json.loads(self.ask(*arguments, "--json"))
        except json.JSONDecodeError:
            return []

    def log(self):
        """Everything the daemon has written."""
        written = self.engine.command("logs", self.container, check=False)
        return written.stdout + written.stderr

    def remove(self):
        """Removes the container, if there is one."""
        if self.exists:
            self.engine.command("kill", self.container, check=False)
            self.engine.command("rm", "-f", self.container, check=False)
            self.exists = False
