"""A rack of network namespaces: a node with one speaker, and two routers that run BIRD.

    r1 10.77.1.1 ─── 10.77.1.2 node 10.77.2.2 ─── 10.77.2.1 r2
"""

import contextlib
import ctypes
import fcntl
import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path

from lab.waiting import Failed, eventually

PREFIX = "bgpvip-bench"
VIP = "10.255.0.1"
NODE_AS, ROUTER_AS = 65001, 65000
NODE_ADDRESSES = ("10.77.1.2", "10.77.2.2")
ROUTER_ADDRESSES = ("10.77.1.1", "10.77.2.1")
ROUTER_ID = NODE_ADDRESSES[0]
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Interrupted(BaseException):
    """The user or the system asked the run to end."""


def interrupt(number, frame):
    """Signal handler: unwinds to the cleaning."""
    raise Interrupted(signal.Signals(number).name)


@contextlib.contextmanager
def exclusive():
    """One run at a time, on a machine without leftovers of an earlier one, whatever happens in between."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    with open(Path(tempfile.gettempdir()) / f"{PREFIX}.lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Failed("another run is under way") from error
        try:
            remove_namespaces()
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            remove_namespaces()


def remove_namespaces():
    """Removes every namespace of ours; their links go with them."""
    for line in ip("netns", "list").splitlines():
        name = line.split()[0]
        if name.startswith(PREFIX):
            ip("netns", "delete", name)


def ip(*arguments):
    """Runs `ip ARGUMENTS...` and returns what it printed."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


class Rack:
    """The namespaces and everything that runs in them, until the end of the `with` block."""

    def __init__(self, name):
        self.name = name
        self.node = f"{PREFIX}-{name}-node"
        self.processes = []
        self.temporary = tempfile.TemporaryDirectory(prefix=f"{PREFIX}-{name}-")
        self.directory = Path(self.temporary.name)
        self.routers = []

    def __enter__(self):
        self.add_namespace(self.node)
        for number, (near, far) in enumerate(zip(NODE_ADDRESSES, ROUTER_ADDRESSES), start=1):
            namespace = f"{PREFIX}-{self.name}-r{number}"
            self.add_namespace(namespace)
            ip("-n", self.node, "link", "add", f"r{number}", "type", "veth", "peer", "node", "netns", namespace)
            for where, device, address in ((self.node, f"r{number}", near), (namespace, "node", far)):
                ip("-n", where, "address", "add", f"{address}/24", "dev", device)
                ip("-n", where, "link", "set", device, "up")
            self.routers.append(Router(self, namespace, f"r{number}", near, far))
        return self

    @staticmethod
    def add_namespace(name):
        """Makes a namespace with its loopback up."""
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")

    def __exit__(self, *_):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.kill()
        for process in self.processes:
            process.wait()
        for namespace in (self.node, *(router.namespace for router in self.routers)):
            ip("netns", "delete", namespace)
        self.temporary.cleanup()

    def spawn(self, namespace, log, *argv):
        """Starts a program in a namespace; its output goes to the file LOG."""
        return self.spawn_here(log, "ip", "netns", "exec", namespace, *argv)

    def spawn_here(self, log, *argv, last=lambda: None):
        """Starts a program in the namespace of this thread; `last` runs right before exec. The program dies with us."""
        def prepare():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            last()

        with open(self.directory / log, "w", encoding="utf-8") as output:
            process = subprocess.Popen(
                list(map(str, argv)), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=prepare)
        self.processes.append(process)
        return process

    def log(self, name):
        """The end of what a program wrote."""
        with contextlib.suppress(OSError):
            return (self.directory / name).read_text(encoding="utf-8", errors="replace")[-3000:]
        return ""


class Router:
    """A namespace with a BIRD that listens for the node and takes its routes."""

    def __init__(self, rack, namespace, name, neighbor, address):
        self.rack, self.namespace, self.name = rack, namespace, name
        self.neighbor, self.address = neighbor, address
        self.socket = rack.directory / f"{name}.ctl"
        self.log = rack.directory / f"{name}.log"
        self.process = None

    def start(self, more="", export="none", debug="states, events, packets"):
        """Starts BIRD, with more protocols if given."""
        configuration = self.rack.directory / f"{self.name}.conf"
        configuration.write_text(f"""\
log "{self.log}" all;
timeformat log iso long us;
router id {self.address};
protocol device {{ }}
{more}
protocol bgp node {{
  local {self.address} as {ROUTER_AS};
  neighbor {self.neighbor} as {NODE_AS};
  debug {{ {debug} }};
  direct;
  passive on;
  hold time 9;
  error wait time 1, 1;
  ipv4 {{ import all; export {export}; }};
}}
""", encoding="ascii")
        self.process = self.rack.spawn(
            self.namespace, f"{self.name}.out", "bird", "-f", "-c", configuration, "-s", self.socket)
        eventually(f"BIRD on {self.name} answers", self.answers, seconds=120)

    def answers(self):
        """True once BIRD is up; fails at once if it has ended."""
        if self.process.poll() is not None:
            raise Failed(f"BIRD on {self.name} ended\n{self.rack.log(f'{self.name}.out')}")
        return "Daemon is up" in self.ask("show", "status")

    def ask(self, *command):
        """What birdc answers."""
        return subprocess.run(
            ["birdc", "-s", self.socket, *command], capture_output=True, text=True, check=False, timeout=60).stdout

    def is_established(self):
        """True while the session to the node is up."""
        return bool(re.search(r"^ +BGP state: +Established", self.ask("show", "protocols", "all", "node"), re.M))

    def session_number(self):
        """How often the session has come up."""
        return sum("node: BGP session established" in line for line in self.lines())

    def has_route(self):
        """True if the node advertises the VIP."""
        return f"{VIP}/32" in self.ask("show", "route", "for", f"{VIP}/32", "protocol", "node")

    def lines(self):
        """The log of BIRD."""
        with contextlib.suppress(OSError):
            return self.log.read_text(encoding="utf-8").splitlines()
        return []
