"""A full table sent by mistake: the router exports a million prefixes, five to a set of attributes.

The time runs from Established until both ends of the connection are empty and the router has sent everything; CPU is
counted until the program is at rest. Meanwhile a second router waits for the program's KEEPALIVEs, due every second (every
three where that cannot be set): `gap` is the longest it had to wait.
"""

import contextlib
import datetime
import re
import time
from pathlib import Path

from lab.waiting import Failed, eventually
from measures import figures
from measures.campaign import Step, milliseconds
from measures.lab import Lab
from measures.machine import Noise
from measures.programs.program import Task
from measures.router import Router

PREFIXES, QUICK = 1_000_000, 100_000
PER_ATTRIBUTES = 5
RUNS = 3
SECONDS = {"gobgp": 20, "exabgp": 42, "frr": 12, "openbgpd": 12}
LIMIT = 240


def plan(campaign, wanted):
    """One step for each program; the first also fills the router, which the others find full."""
    if "flood" not in wanted:
        return []
    programs = [program for program in campaign.programs if program.scales]
    return [Step("flood", 15 + sum(campaign.runs(RUNS) * SECONDS.get(program.name, 8) for program in programs),
                 lambda: measure(campaign, programs))]


def measure(campaign, programs):
    """Floods one program after the other."""
    prefixes = QUICK if campaign.quick else PREFIXES
    with Lab(1) as lab:
        node = lab.nodes[0]
        addresses = node.routers(2)
        lab.add_router_addresses(node, addresses[1:])
        table = lab.directory / "table.conf"
        write_table(table, prefixes)
        router = Router(
            lab, "router", [(node, addresses[0])], keepalive=1, export='where proto = "origin"', debug="states, events",
            more=f'protocol static origin {{ ipv4;\ninclude "{table}";\n}}\n')
        second = Router(lab, "second", [(node, addresses[1])], keepalive=1, debug="states, packets").wait_until_up()
        router.wait_until_up()
        eventually("the table is loaded", lambda: f"{prefixes} of" in router.ask("show route protocol origin count"), 120)
        lab.set_vip(node, True)
        for kind in programs:
            for run in range(campaign.runs(RUNS)):
                program = kind(lab, node, Task(addresses, keepalive=1, checked=False))
                try:
                    one(campaign, program, router, second, prefixes, run)
                except Failed as error:
                    campaign.note(f"FAILED: {error}")
                    campaign.record("error", kind.name, what=f"flood: {str(error).splitlines()[0]}")
                finally:
                    program.end()
                    time.sleep(1)


def one(campaign, program, router, second, prefixes, run):
    """One flood."""
    noise = Noise()
    clock, lost = datetime.datetime.now(), sessions_lost(router)
    program.start()
    eventually("a session", router.established, 60, pause=0.005)
    begin, spent = time.monotonic(), figures.cpu(program.pids())
    drained = quiet = None
    peak, history = 0, [(begin, spent)]
    while time.monotonic() - begin < LIMIT:
        time.sleep(0.02)
        now, pids = time.monotonic(), program.pids()
        peak = max(peak, figures.memory(pids)["peak"])
        history = [*(entry for entry in history if entry[0] > now - 1.1), (now, figures.cpu(pids))]
        if drained is None:
            busy = queued(router.process.pid, router_address(program)) or queued(program.pid, router_address(program))
            quiet = None if busy else quiet or now
            # An empty queue means nothing while BIRD still prepares routes, so its own count is asked, but seldom.
            if quiet and now - quiet > 0.5:
                if exported(router, program) >= prefixes:
                    drained = quiet
                elif not router.established():
                    break
                quiet = None
        elif now - drained > 1 and history[-1][1] - history[0][1] < 0.03 * (history[-1][0] - history[0][0]):
            break
    held = sessions_lost(router) == lost and router.established() == 1
    campaign.record(
        "flood", program.name, noise=noise.cores(), run=run, prefixes=prefixes,
        drained=drained and milliseconds(drained * 1e9, begin * 1e9), cpu=history[-1][1] - spent,
        peak=peak, after=figures.memory(program.pids())["rss"], held=held, gap=longest_gap(second, clock))


def router_address(program):
    """The flooding router's."""
    return program.task.peers[0]


def write_table(path, count):
    """The routes as BIRD reads them: /24s from 20.0.0.0 on."""
    with open(path, "w", encoding="ascii") as file:
        for number in range(count):
            network, group = (20 << 24) + (number << 8), number // PER_ATTRIBUTES
            file.write(
                f"route {network >> 24}.{network >> 16 & 255}.{network >> 8 & 255}.0/24 blackhole {{ "
                f"bgp_path.prepend({100000 + group % 60000}); bgp_path.prepend({200000 + group // 60000}); "
                f"bgp_community.add((64512,{group % 65536})); }};\n")


def queued(pid, address):
    """Bytes that wait in either direction of the connections of a namespace to or from an address."""
    octets = "".join(f"{int(octet):02X}" for octet in reversed(address.split(".")))
    waiting = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
            _, local, remote, state, queues, *_ = line.split()
            if state == "01" and octets in (local.partition(":")[0], remote.partition(":")[0]):
                waiting += sum(int(queue, 16) for queue in queues.split(":"))
    return waiting


def exported(router, program):
    """How many prefixes BIRD has sent to the node."""
    found = re.search(r"^ +Routes: .*?(\d+) exported", router.ask(f"show protocols all {program.node.name}"), re.M)
    return int(found[1]) if found else 0


def sessions_lost(router):
    """How often a session of the router has ended."""
    text = (router.lab.directory / router.log).read_text(encoding="utf-8", errors="replace")
    return text.count("BGP session closed")


def longest_gap(router, since):
    """The longest time in seconds between two KEEPALIVEs that arrived at a router since a time, and until now."""
    arrivals = []
    text = (router.lab.directory / router.log).read_text(encoding="utf-8", errors="replace")
    for stamp in re.findall(r"^(\S+ \S+) <TRACE> \w+: Got KEEPALIVE", text, re.M):
        arrivals.append(datetime.datetime.fromisoformat(stamp))
    arrivals = [arrival for arrival in arrivals if arrival >= since]
    gaps = [(later - earlier).total_seconds() for earlier, later in zip(arrivals, [*arrivals[1:], datetime.datetime.now()])]
    return max(gaps, default=None)
