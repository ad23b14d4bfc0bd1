"""Random faults in a cell with BIRD and one with FRR, while clients make connections to the VIP: see `interop/chaos --help`.

A connection may fail only within the bound of a fault, or if it was open when the router changed its next hops because of a
fault: the router then sends its packets to another node. The next hops may change only after a fault. In the end
everything is as it was.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from lab.engine import EngineError
from lab.fib import RouteWatch
from lab.node import VIP
from lab.routers import PROGRAMS
from lab.session import Interrupted, opened_lab, say
from lab.waiting import STOPPING, Failed, eventually, expect, expect_equal
from scenarios.rack import PREFIX
from scenarios.routers.bfd import cut

PLAIN_PORT = "6480"
# In each cell, a second.
CONNECTIONS = 250
# MB; that it does not grow in the long run is for interop/soak.
MEMORY = 25
# Nanoseconds: how long after everything is back a next hop may still change, and how late the watch may hear of it.
AFTERWARDS, LATE = 1_000_000_000, 50_000_000
LOSS = """\
table inet cut {
  chain in { type filter hook prerouting priority -400; iifname "router" numgen random mod 100 < 30 drop; }
}
"""


@dataclass
class Event:
    """A fault: when it began, when it was over and when everything was back, in nanoseconds."""

    kind: str
    at: int
    over: int = 0
    back: int = 0
    failed: int = 0
    moved: int = 0
    longest: float = 0


@dataclass
class Ground:
    """A cell, and what has happened in it."""

    cell: object
    chance: random.Random
    events: list = field(default_factory=list)
    before: dict = field(default_factory=dict)

    def begin(self):
        """Router, services and bgpvip; what there is then, is what there must be in the end."""
        cell = self.cell
        cell.router.start(*[cell.neighbor(node, bfd=True) for node in cell.nodes])
        for node in cell.nodes:
            node.service.start()
            node.speaker.start(
                node.environment(BGPVIP_BFD="200ms"), ["run"], capabilities=("NET_ADMIN", "SYS_NICE"))
        self.await_all()
        time.sleep(15)
        self.before = self.state()

    def await_all(self):
        """Waits until every node carries the VIP."""
        wanted = sorted(node.address for node in self.cell.nodes)
        eventually(f"{self.cell.name} has all next hops",
                   lambda: self.cell.router.host.next_hops(PREFIX) == wanted, 60)

    def note(self, kind, at=None):
        """An event, now or at a time."""
        self.events.append(Event(kind, at or time.monotonic_ns()))

    def fault(self):
        """One fault, its end, and the way back."""
        node, kind = self.chance.choice(self.cell.nodes), self.chance.choice(sorted(FAULTS))
        first = len(self.events)
        FAULTS[kind](self, node)
        over = time.monotonic_ns()
        self.await_all()
        for event in self.events[first:]:
            event.over, event.back = over, time.monotonic_ns()

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


def process(node):
    """The process id of the node's bgpvip, as this machine counts."""
    return int(node.speaker.inspect("{{.State.Pid}}"))


def crash_service(ground, node):
    """The service is killed."""
    ground.note("the service crashes", node.service.kill())
    time.sleep(ground.chance.uniform(1, 3))
    node.service.start()


def hang_service(ground, node):
    """The service hangs."""
    ground.note("the service hangs", node.service.signal("STOP"))
    time.sleep(ground.chance.uniform(0.1, 4))
    node.service.signal("CONT")


def kill_bgpvip(ground, node):
    """bgpvip is killed and leaves the VIP; the next one takes it over."""
    pid = process(node)
    ground.note("bgpvip is killed")
    os.kill(pid, signal.SIGKILL)
    node.speaker.exit_status()
    time.sleep(ground.chance.uniform(0, 2))
    node.speaker.restart()


def freeze_bgpvip(ground, node):
    """bgpvip does not run for a while."""
    pid = process(node)
    ground.note("bgpvip is frozen")
    os.kill(pid, signal.SIGSTOP)
    time.sleep(ground.chance.uniform(0.1, 5))
    os.kill(pid, signal.SIGCONT)


def cut_link(ground, node):
    """The link loses every packet."""
    ground.note("the link is cut")
    with cut(node, "router"):
        time.sleep(ground.chance.uniform(0.5, 5))


def lose_packets(ground, node):
    """The link loses three packets in ten."""
    ground.note("packets are lost")
    node.host.run("nft", "-f", "-", text_input=LOSS)
    try:
        time.sleep(ground.chance.uniform(0.5, 4))
    finally:
        node.host.run("nft", "delete", "table", "inet", "cut")


def delete_vip(ground, node):
    """The VIP is removed from lo."""
    ground.note("the VIP is deleted")
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
    ground.note("reload")
    os.kill(pid, signal.SIGHUP)
    time.sleep(1)


def drain(ground, node):
    """The node is drained and comes back."""
    ground.note("drain and undrain")
    node.speaker.ask("drain", "--wait")
    time.sleep(ground.chance.uniform(0, 2))
    node.speaker.ask("undrain")


def restart(ground, node):
    """SIGTERM, and a new bgpvip."""
    ground.note("bgpvip is restarted")
    node.speaker.signal("TERM")
    expect_equal(node.speaker.exit_status(), 0, "the exit status")
    node.speaker.restart()


FAULTS = {function.__name__: function for function in (
    crash_service, hang_service, kill_bgpvip, freeze_bgpvip, cut_link, lose_packets, delete_vip, kill_router, reload, drain,
    restart)}
# For so many seconds after it a fault may cost connections; with 0, only those may fail that are open when the router
# changes its next hops. A check that hangs is found within 0.9 s, a dead path within 0.6 s.
BOUNDS = {
    "the service crashes": 0.3, "the service hangs": 1.5, "the link is cut": 1.0, "packets are lost": 1.0,
    "the VIP is deleted": 0.3, "the router is killed": 0, "the router starts again": 5.0, "bgpvip is killed": 0,
    "bgpvip is frozen": 0, "bgpvip is restarted": 0, "drain and undrain": 0, "reload": 0,
}
# Bounds that count from the end of the fault.
LASTING = ("packets are lost",)


def play(ground, seconds):
    """Faults for so long, with a client; returns its report, the changes of the next hops, and what is left of it all."""
    try:
        ground.begin()
        host, reports = ground.cell.router.host, []
        with RouteWatch(host, PREFIX) as watch, connecting(host, reports):
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                expect(not STOPPING.wait(ground.chance.uniform(2, 4)), "the run is being stopped")
                ground.fault()
            time.sleep(15)
            # The first is what there was.
            changes = watch.changes[1:]
        return reports, changes, list(ground.left())
    except BaseException as error:
        if not STOPPING.is_set():
            say(f"{ground.cell.name}: {error}")
        STOPPING.set()
        raise


@contextlib.contextmanager
def connecting(host, reports):
    """A client throughout the block; afterwards `reports` has what it printed."""
    client = host.stream("python3", "/lab/steady.py", VIP, PLAIN_PORT, str(CONNECTIONS))
    reader = threading.Thread(target=lambda: reports.extend(json.loads(line) for line in client.stdout), daemon=True)
    reader.start()
    try:
        yield
    finally:
        host.shell("kill $(pgrep -f '[s]teady.py')", check=False)
        reader.join(10)
    expect(reports and "connections" in reports[-1], "the client has not reported")


def account(ground, failures, changes):
    """Lays each failed connection and each change of the next hops to a fault; returns what no fault explains."""
    unexplained = []
    for failure in failures:
        start, end = failure["start"], failure["end"]
        event = latest(ground.events, end)
        if event and BOUNDS[event.kind] and start <= latest_start(event):
            event.failed += 1
            event.longest = max(event.longest, (start - event.at) / 1e9)
        elif event and any(start - LATE <= change["at"] <= end + LATE for change in changes):
            event.moved += 1
        else:
            unexplained.append(f"connection at {since(event, start)}: {failure['error']}")
    for change in changes:
        event = latest(ground.events, change["at"] + LATE)
        if not event or change["at"] > event.back + AFTERWARDS:
            unexplained.append(f"next hops {change['nextHops']} at {since(event, change['at'])}")
    return unexplained


def latest(events, at):
    """The last fault that had begun at a time."""
    return max((event for event in events if event.at <= at), key=lambda event: event.at, default=None)


def latest_start(event):
    """Until when a connection may begin that fails by a fault."""
    return (event.over if event.kind in LASTING else event.at) + int(BOUNDS[event.kind] * 1e9)


def since(event, at):
    """A time for a report."""
    return f"{(at - event.at) / 1e9:.2f} s after: {event.kind}" if event else "the beginning"


def report(grounds, outcomes):
    """Prints the table and what is unexplained; returns how much that is."""
    print("| router | fault | times | failed within the bound | longest outage | bound | moved |\n"
          "|---|---|---|---|---|---|---|")
    total, unexplained = 0, []
    for ground, (reports, changes, left) in zip(grounds, outcomes):
        unexplained += [f"{ground.cell.name}: {what}" for what in account(ground, reports[:-1], changes) + left]
        total += reports[-1]["connections"]
        for kind in BOUNDS:
            events = [event for event in ground.events if event.kind == kind]
            if events:
                failed, moved = sum(event.failed for event in events), sum(event.moved for event in events)
                outage = f"{max(event.longest for event in events):.2f} s" if failed else "-"
                bound = f"{BOUNDS[kind]} s" + (" after its end" if kind in LASTING else "") if BOUNDS[kind] else "-"
                print(f"| {ground.cell.router.title} | {kind} | {len(events)} | {failed} | {outage} | {bound} | {moved} |")
    for what in unexplained:
        print(f"UNEXPLAINED {what}")
    print(f"{total} connections, {sum(len(reports) - 1 for reports, *_ in outcomes)} failed; "
          f"{len(unexplained)} things unexplained", flush=True)
    return len(unexplained)


def main():
    """The command line; the exit status is 0 only if everything is explained."""
    parser = argparse.ArgumentParser(
        prog="interop/chaos", description="Random faults for some minutes in a cell with BIRD and one with FRR, while "
        f"clients make {2 * CONNECTIONS} connections a second to the VIP. Every failed connection must be explained by a "
        "fault and its bound.")
    parser.add_argument("minutes", type=float)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    try:
        with opened_lab() as lab:
            grounds = [Ground(lab.cell(PROGRAMS[name]), random.Random(f"{options.seed} {name}")) for name in ("bird", "frr")]
            with ThreadPoolExecutor() as pool:
                try:
                    outcomes = list(pool.map(lambda ground: play(ground, options.minutes * 60), grounds))
                except BaseException:
                    STOPPING.set()
                    raise
    except (EngineError, Failed, OSError) as error:
        say(f"ended early: {error}")
        return 1
    except Interrupted as stopped:
        say(f"stopped by {stopped}")
        return 1
    return 1 if report(grounds, outcomes) else 0


sys.exit(main())
