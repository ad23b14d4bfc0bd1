"""BFD at 50 ms x 3 against BIRD and FRR for some minutes while the machine is busy: flaps, gaps, CPU.

A flap of ours is a defect. The gap is the longest time between two of our packets in Up: with 50 ms three times, a router
gives us 150 ms. The load is one shell on each CPU that compiles C files, at the priority of any other program.
"""

import contextlib
import json
import os
import shutil
import socket
import statistics
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from lab.waiting import Failed, eventually
from measures.namespaces import PREFIX, add_namespace, inside, ip

NODE, BIRD, FRR = (f"{PREFIX}-{name}" for name in ("bfd-node", "bfd-bird", "bfd-frr"))
# The router's address and the node's on each link.
LINKS = {BIRD: ("10.203.1.1", "10.203.1.2"), FRR: ("10.203.2.1", "10.203.2.2")}
BIRD_CONFIGURATION = """\
router id 10.203.1.1;
protocol device {{ }}
protocol bfd {{ interface "*" {{ min rx interval {interval} ms; min tx interval {interval} ms; multiplier 3; }}; }}
protocol bgp node {{ local 10.203.1.1 as 65000; neighbor 10.203.1.2 as 65001; passive; bfd on; ipv4 {{ import all; export none; }}; }}
"""
FRR_CONFIGURATION = """\
bfd
 profile fast
  transmit-interval {interval}
  receive-interval {interval}
  detect-multiplier 3
router bgp 65000
 bgp router-id 10.203.2.1
 no bgp ebgp-requires-policy
 neighbor 10.203.2.2 remote-as 65001
 neighbor 10.203.2.2 passive
 neighbor 10.203.2.2 bfd profile fast
"""
# What a compiler is given to do.
SOURCE = "#include <stdio.h>\n" + "".join(
    f"int f{i}(int a) {{ int s = 0; for (int i = 0; i < a; i++) s += (i * {i}) ^ (s >> 3); return s; }}\n" for i in range(400))


def add_arguments(parser):
    """The options."""
    parser.add_argument("--minutes", type=float, default=10, help="how long (%(default)s)")
    parser.add_argument("--interval", type=int, default=50, metavar="MS", help="the interval (%(default)s)")
    parser.add_argument("--idle", action="store_true", help="without anything that compiles")


def run(binary, options):
    """Prints the figures; True if nothing flapped."""
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}-") as directory, contextlib.ExitStack() as stack:
        directory = Path(directory)
        directory.chmod(0o755)
        connect()
        start_bird(directory, options.interval)
        start_frr(directory, options.interval, stack)
        node = start_node(binary, directory, options.interval, stack)
        eventually("BFD is Up with both", lambda: states(binary, directory) == ["Up", "Up"], 30)
        # FRR takes a session that was Up before BGP was down and up once more.
        time.sleep(4)
        eventually("BFD is Up with both", lambda: states(binary, directory) == ["Up", "Up"], 30)
        known = counts(binary, directory)
        gaps = [stack.enter_context(Gaps(router)) for router in LINKS]
        if not options.idle:
            stack.enter_context(busy(directory))
        before, began = cpu(node), time.monotonic()
        end = began + options.minutes * 60
        while time.monotonic() < end:
            time.sleep(min(30, max(0.1, end - time.monotonic())))
            print(f"# {(time.monotonic() - began) / 60:.1f} min: failures so far {counts(binary, directory)}", flush=True)
        minutes = (time.monotonic() - began) / 60
        spent = (cpu(node) - before) / minutes
        flaps = [count - before for count, before in zip(counts(binary, directory), known)]
        status = peers(binary, directory)
    print(f"{'':>24} {'BIRD':>8} {'FRR':>8}")
    print(f"{'failures':>24} {flaps[0]:>8} {flaps[1]:>8}")
    print(f"{'longest gap, ms':>24} {gaps[0].longest * 1000:>8.1f} {gaps[1].longest * 1000:>8.1f}")
    print(f"{'median gap, ms':>24} {gaps[0].median * 1000:>8.1f} {gaps[1].median * 1000:>8.1f}")
    print(f"CPU of bgpvip with both: {spent:.3f} s a minute, {minutes:.1f} minutes, load average {os.getloadavg()[0]:.1f}")
    for peer in status:
        bfd = peer["bfd"]
        print(f"# {peer['address']}: {bfd['state']}, last down: {bfd.get('lastDown', 'never')}")
    return flaps == [0, 0]


def connect():
    """The node with a link to each router."""
    for name in (NODE, *LINKS):
        add_namespace(name)
    for number, (router, (theirs, ours)) in enumerate(LINKS.items()):
        ip("link", "add", "up0", "netns", router, "type", "veth", "peer", "name", f"down{number}", "netns", NODE)
        for namespace, device, address in ((router, "up0", theirs), (NODE, f"down{number}", ours)):
            ip("-n", namespace, "addr", "add", f"{address}/24", "dev", device)
            ip("-n", namespace, "link", "set", device, "up")


def start_bird(directory, interval):
    """BIRD, which goes into the background."""
    configuration = directory / "bird.conf"
    configuration.write_text(BIRD_CONFIGURATION.format(interval=interval), encoding="ascii")
    with inside(BIRD):
        subprocess.run(["bird", "-c", configuration, "-s", directory / "bird.ctl"], check=True)


def start_frr(directory, interval, stack):
    """FRR's zebra, bfdd and bgpd, with their files where its programs look for those of an instance of another name."""
    configuration = directory / "frr.conf"
    configuration.write_text(FRR_CONFIGURATION.format(interval=interval), encoding="ascii")
    files = [Path(base) / PREFIX for base in ("/etc/frr", "/var/run/frr")]
    for path in files:
        path.mkdir(parents=True, exist_ok=True)
        shutil.chown(path, "frr", "frr")
        stack.callback(shutil.rmtree, path, ignore_errors=True)
    (files[0] / "vtysh.conf").touch()
    with inside(FRR):
        for daemon in ("zebra", "bfdd", "bgpd"):
            subprocess.run(
                [f"/usr/lib/frr/{daemon}", "-d", "-N", PREFIX, "-A", "127.0.0.1", "--log", f"file:{directory / daemon}.log"],
                check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually("FRR answers", lambda: vtysh("-c", "show bfd peers").returncode == 0)
        if vtysh("-f", str(configuration)).returncode != 0:
            raise Failed("FRR does not take its configuration")


def vtysh(*arguments):
    """Runs FRR's command line."""
    return subprocess.run(["vtysh", "-N", PREFIX, *arguments], capture_output=True, text=True, check=False)


def start_node(binary, directory, interval, stack):
    """bgpvip; returns its process."""
    log = stack.enter_context(open(directory / "node.log", "w", encoding="ascii"))
    with inside(NODE):
        node = subprocess.Popen(
            [binary, "run", "--local-as", "65001", "--vip", "10.203.0.1", "--check", "none", "--bfd", f"{interval}ms",
             "--peers", ",".join(f"{theirs}:65000" for theirs, _ in LINKS.values()), "--linger", "0s",
             "--control-socket", directory / "node.sock"], stdout=log, stderr=log)
    stack.callback(node.wait)
    stack.callback(node.terminate)
    return node


def peers(binary, directory):
    """`bgpvip peers --json`."""
    said = subprocess.run([binary, "peers", "--json", "--control-socket", directory / "node.sock"],
                          capture_output=True, text=True, check=False).stdout
    return json.loads(said) if said.startswith("[") else []


def states(binary, directory):
    """The states of BFD."""
    return [peer["bfd"]["state"] for peer in peers(binary, directory)]


def counts(binary, directory):
    """How often the path failed, at each peer."""
    return [peer["bfd"]["failures"] for peer in peers(binary, directory)]


def cpu(process):
    """Seconds that a process has run, as the scheduler counts them."""
    return sum(int(path.read_text(encoding="ascii").split()[0])
               for path in Path(f"/proc/{process.pid}/task").glob("*/schedstat")) / 1e9


class Gaps:
    """The times between our packets at a router, by the kernel's time stamps."""

    def __init__(self, router):
        self.theirs, _ = LINKS[router]
        with inside(router):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
            self.socket.bind(("up0", 0x0800))
        # SO_TIMESTAMPNS
        self.socket.setsockopt(socket.SOL_SOCKET, 35, 1)
        self.socket.settimeout(0.5)
        self.all = []
        self.isOver = False
        self.thread = threading.Thread(target=self.read, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.isOver = True
        self.thread.join()
        self.socket.close()

    def read(self):
        """Collects the gaps between packets of ours that say Up."""
        last = None
        while not self.isOver:
            try:
                data, control, _, sender = self.socket.recvmsg(128, 64)
            except TimeoutError:
                continue
            # Not what the router sends itself; UDP to port 3784, state Up.
            if sender[2] == socket.PACKET_OUTGOING or len(data) < 52 or data[9] != 17 or data[22:24] != b"\x0e\xc8":
                continue
            if data[29] >> 6 != 3:
                continue
            seconds, nanoseconds = struct.unpack("qq", control[0][2][:16])
            now = seconds + nanoseconds / 1e9
            if last is not None:
                self.all.append(now - last)
            last = now

    @property
    def longest(self):
        """Seconds."""
        return max(self.all, default=float("nan"))

    @property
    def median(self):
        """Seconds."""
        return statistics.median(self.all) if self.all else float("nan")


@contextlib.contextmanager
def busy(directory):
    """Compilers on all CPUs."""
    source = directory / "work.c"
    source.write_text(SOURCE, encoding="ascii")
    script = f"while :; do cc -O2 -c -o /dev/null {source}; done"
    workers = [subprocess.Popen(["sh", "-c", script], start_new_session=True, stderr=subprocess.DEVNULL)
               for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, 9)
            worker.wait()
