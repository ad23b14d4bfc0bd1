"""The faults, and the cell in which they happen."""

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from faults.events import BEGINNING, CALM, Event
from faults.timeline import Line
from lab.waiting import eventually, expect_equal
from scenarios.rack import PREFIX
from scenarios.routers.bfd import cut

# Seconds in which a daemon answers a command.
ANSWER = 2
# MB; that it does not grow in the long run is for interop/soak.
MEMORY = 25
# So small that it can be filled at once; the control socket and the drain file are there.
DISK = "size=64k,nr_inodes=16,mode=755"
LOSS = """\
table inet cut {
  chain in { type filter hook prerouting priority -400; iifname "router" numgen random mod 100 < 30 drop; }
}
"""


@dataclass
class Ground:
    """A cell, and what has happened in it."""

    cell: object
    chance: random.Random
    # The names of those that may happen.
    faults: list
    # Of the engine, for bgpvip.
    options: tuple = ()
    events: list = field(default_factory=list)
    # What the run saw when it looked whether everything is back: lines of the timeline.
    looks: list = field(default_factory=list)
    before: dict = field(default_factory=dict)
    disks: dict = field(default_factory=dict)
    # What the kernel has granted to bgpvip.
    scheduling: str = ""

    @contextlib.contextmanager
    def with_disks(self):
        """A file system of its own for each node inside the block."""
        try:
            for node in self.cell.nodes:
                self.disks[node.name] = disk = Path(tempfile.mkdtemp(prefix="bgpvip-disk-"))
                mount("-t", "tmpfs", "-o", DISK, "tmpfs", disk)
            yield
        finally:
            for node in self.cell.nodes:
                node.speaker.remove()
            for disk in self.disks.values():
                subprocess.run(["umount", "--lazy", disk], check=False)
                disk.rmdir()

    @contextlib.contextmanager
    def read_only(self, node):
        """The node's disk cannot be written inside the block. A container that is started meanwhile copies the flags of the
        mount that it is given; so another one of the same file system is changed."""
        with tempfile.TemporaryDirectory(prefix="bgpvip-disk-") as other:
            mount("--bind", self.disks[node.name], other)
            try:
                mount("-o", "remount,ro", other)
                yield
            finally:
                mount("-o", "remount,rw", other)
                subprocess.run(["umount", other], check=True)

    def begin(self):
        """Router, services and bgpvip; what there is then, is what there must be in the end."""
        cell = self.cell
        cell.router.debugs = True
        cell.router.start(*[cell.neighbor(node, bfd=True) for node in cell.nodes])
        for node in cell.nodes:
            node.service.start()
            node.speaker.start(
                node.environment(
                    BGPVIP_BFD="200ms", BGPVIP_LOG_LEVEL="debug", BGPVIP_CONTROL_SOCKET="/disk/control.sock",
                    BGPVIP_DRAIN_FILE="/disk/drain"),
                ["run"], capabilities=("NET_ADMIN", "SYS_NICE"),
                options=(*self.options, "--volume", f"{self.disks[node.name]}:/disk"))
        self.await_all(time.monotonic_ns())
        time.sleep(15)
        self.before = self.state()
        self.scheduling = self.cell.nodes[0].speaker.status("status").get("bfdScheduling", "ordinary scheduling")
        self.note(BEGINNING)

    def await_all(self, since):
        """Waits until every node carries the VIP and nothing has moved for a while after a time (ns): returns when that was
        noticed, since when sessions and BFD had been up, and when something was lacking last."""
        last = [0]

        def calm():
            at = time.monotonic_ns()
            lacks, up = self.look()
            now = time.monotonic_ns()
            self.looks.append(Line(at, "run", f"{lacks or 'nothing'} is lacking; to look took {(now - at) / 1e6:.0f} ms"))
            if lacks:
                last[0] = at
            return not lacks and now - max(since, up) > CALM * 1e9 and (now, up, last[0])

        return eventually(f"{self.cell.name} is calm", calm, 180)

    def look(self):
        """What is lacking, if anything; and since when all sessions and BFD have been up. Sessions count because a router that
        is killed leaves the next hops in the kernel; and FRR takes BFD down once more when its first session is
        Established."""
        if not self.has_all_next_hops():
            return "a next hop", 0
        since = []
        for node in self.cell.nodes:
            # From before the question on, so that an answer that takes its time does not make it later.
            now = time.monotonic_ns()
            peers = peers_of(self.disks[node.name] / "control.sock")
            if not peers:
                return f"the answer of {node.name}", 0
            for part, good in (peers[0], "Established"), (peers[0]["bfd"], "Up"):
                if part["state"] != good:
                    return f"{good} of {node.name}", 0
                since.append(now - int(part["stateSeconds"] * 1e9))
        return None, max(since)

    def has_all_next_hops(self):
        """True if the router's kernel has every node as a next hop."""
        return self.cell.router.host.next_hops(PREFIX) == sorted(node.address for node in self.cell.nodes)

    def note(self, kind, node=None, at=None):
        """An event, of a node or the router, now or at a time."""
        self.events.append(Event(kind, at or time.monotonic_ns(), node.name if node else ""))

    def fault(self):
        """One fault, its end, and the way back."""
        node, kind = self.chance.choice(self.cell.nodes), self.chance.choice(self.faults)
        first = len(self.events)
        FAULTS[kind](self, node)
        over = time.monotonic_ns()
        noticed, up, lacking = self.await_all(over)
        for event in self.events[first:]:
            event.over, event.noticed, event.up, event.lacking = over, noticed, up, lacking

    def state(self):
        """What must not grow."""
        state = {}
        for node in self.cell.nodes:
            pid = process(node)
            status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
            state[node.name] = {
                "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
                "memory": int(status.split("VmRSS:")[1].split()[0]) / 1024,
                "addresses": sorted(node.host.addresses("lo")),
                "routes": sorted(node.host.run("ip", "-o", "-4", "route", "show", "table", "all").splitlines()),
                "rules": node.host.run("ip", "rule", "show"),
                "processes": sorted(node.host.run("ps", "-e", "-o", "comm=").splitlines()),
            }
        return state

    def left(self):
        """What is left of all that has happened, as text; nothing should be."""
        after = self.state()
        for name, was in self.before.items():
            now = after[name]
            for what in ("addresses", "routes", "rules", "processes"):
                if now[what] != was[what]:
                    yield f"{what} of {name}: {was[what]} then, {now[what]} now"
            if now["descriptors"] > was["descriptors"] + 2:
                yield f"descriptors of {name}: {was['descriptors']} then, {now['descriptors']} now"
            if now["memory"] > MEMORY:
                yield f"memory of {name}: {now['memory']:.1f} MB"
            print(f"{name}: {was['memory']:.1f} MB before, {now['memory']:.1f} MB afterwards", flush=True)


def peers_of(path):
    """What a daemon answers about its peers; nothing if it does not. It is asked here: an engine's command takes seconds where
    compilers have the machine, and the run would be late."""
    connection = http.client.HTTPConnection("localhost")
    try:
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(ANSWER)
        connection.sock.connect(str(path))
        connection.request("GET", "/v1/status")
        return json.load(connection.getresponse())["peers"]
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return []
    finally:
        connection.close()


def mount(*arguments):
    """Runs mount(8) on this machine."""
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"mount {' '.join(map(str, arguments))}: {done.stderr.strip()}")


def process(node):
    """The process id of the node's bgpvip, as this machine counts."""
    return int(node.speaker.inspect("{{.State.Pid}}"))


def crash_service(ground, node):
    """The service is killed."""
    ground.note("the service crashes", node, node.service.kill())
    time.sleep(ground.chance.uniform(1, 3))
    node.service.start()


def hang_service(ground, node):
    """The service hangs."""
    ground.note("the service hangs", node, node.service.signal("STOP"))
    time.sleep(ground.chance.uniform(0.1, 4))
    node.service.signal("CONT")


def kill_bgpvip(ground, node):
    """bgpvip is killed and leaves the VIP; the next one takes it over."""
    pid = process(node)
    ground.note("bgpvip is killed", node)
    os.kill(pid, signal.SIGKILL)
    node.speaker.exit_status()
    time.sleep(ground.chance.uniform(0, 2))
    node.speaker.restart()


def freeze_bgpvip(ground, node):
    """bgpvip does not run for a while."""
    pid = process(node)
    ground.note("bgpvip is frozen", node)
    os.kill(pid, signal.SIGSTOP)
    time.sleep(ground.chance.uniform(0.1, 5))
    os.kill(pid, signal.SIGCONT)


def cut_link(ground, node):
    """The link loses every packet."""
    ground.note("the link is cut", node)
    with cut(node, "router"):
        time.sleep(ground.chance.uniform(0.5, 5))


def lose_packets(ground, node):
    """The link loses three packets in ten."""
    ground.note("packets are lost", node)
    node.host.run("nft", "-f", "-", text_input=LOSS)
    try:
        time.sleep(ground.chance.uniform(0.5, 4))
    finally:
        node.host.run("nft", "delete", "table", "inet", "cut")


def delete_vip(ground, node):
    """The VIP is removed from lo."""
    ground.note("the VIP is deleted", node)
    node.host.run("ip", "addr", "del", PREFIX, "dev", "lo")
    time.sleep(1)


def kill_router(ground, node):
    """The router program is killed and starts again: it forgets its routes then, not before."""
    ground.note("the router is killed")
    ground.cell.router.kill()
    time.sleep(ground.chance.uniform(0, 2))
    ground.note("the router starts again")
    ground.cell.router.launch()


def reload(ground, node):
    """bgpvip reads its settings again."""
    pid = process(node)
    ground.note("reload", node)
    os.kill(pid, signal.SIGHUP)
    time.sleep(1)


def drain(ground, node):
    """The node is drained and comes back."""
    ground.note("drain and undrain", node)
    node.speaker.ask("drain", "--wait")
    time.sleep(ground.chance.uniform(0, 2))
    node.speaker.ask("undrain")


def drain_by_file(ground, node):
    """The drain file comes and goes."""
    file = ground.disks[node.name] / "drain"
    ground.note("drained by file", node)
    file.write_text("chaos\n", encoding="ascii")
    time.sleep(ground.chance.uniform(0, 2))
    file.unlink()


def restart(ground, node):
    """SIGTERM, and a new bgpvip."""
    ground.note("bgpvip is restarted", node)
    renew(node)


def renew(node, between=lambda: None):
    """Ends bgpvip in order and starts it again."""
    node.speaker.signal("TERM")
    expect_equal(node.speaker.exit_status(), 0, "the exit status")
    between()
    node.speaker.restart()


def await_without_commands(ground, node):
    """Waits until the node carries the VIP again: its bgpvip cannot be asked."""
    eventually(f"{node.name} carries the VIP without a control socket", ground.has_all_next_hops, 30)
    time.sleep(ground.chance.uniform(0, 2))


def fill_disk(ground, node):
    """bgpvip starts while neither an inode nor a block is free, so it has no control socket at first."""
    disk, files = ground.disks[node.name], []

    def fill():
        with contextlib.suppress(OSError):
            for number in range(1000):
                files.append(disk / f"full-{number}")
                files[-1].write_bytes(bytes(65536))
        with contextlib.suppress(OSError):
            while True:
                files.append(disk / f"more-{len(files)}")
                files[-1].touch()

    ground.note("the disk is full", node)
    try:
        renew(node, fill)
        await_without_commands(ground, node)
    finally:
        for file in files:
            file.unlink(missing_ok=True)


def write_protect_disk(ground, node):
    """bgpvip ends and starts while its disk cannot be written: the old socket is still there."""
    ground.note("the disk is read-only", node)
    with ground.read_only(node):
        renew(node)
        await_without_commands(ground, node)


FAULTS = {function.__name__: function for function in (
    crash_service, hang_service, kill_bgpvip, freeze_bgpvip, cut_link, lose_packets, delete_vip, kill_router, reload, drain,
    drain_by_file, restart, fill_disk, write_protect_disk)}
