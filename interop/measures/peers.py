"""Many peers: from exec to the last of N sessions Established, on one node whose router has N addresses."""

import time

from measures import figures
from measures.campaign import Step, milliseconds
from measures.lab import Lab
from measures.machine import Noise
from measures.programs.program import Task
from measures.router import Router

COUNTS = (1, 16, 64, 256)
# gobgp takes nine seconds each time.
RUNS, FEWER = 7, {"gobgp": 3}
SECONDS = {"bgpvip": 1.5, "gobgp": 10, "openbgpd": 1.5, "floor": 1.5}
LIMIT = 60


def plan(campaign, wanted):
    """A step for each number of peers."""
    if "peers" not in wanted:
        return []
    programs = [program for program in campaign.programs if program.scales]
    each = sum(runs(campaign, program) * SECONDS.get(program.name, 2.5) for program in programs)
    return [Step(f"{count} peers", 3 + count / 25 + each, lambda count=count: measure(campaign, programs, count))
            for count in COUNTS if not campaign.quick or count <= 64]


def runs(campaign, kind):
    """How often a program is measured."""
    return campaign.runs(FEWER.get(kind.name, RUNS))


def measure(campaign, programs, count):
    """One program after the other against the same routers."""
    with Lab(1) as lab:
        node = lab.nodes[0]
        addresses = node.routers(count)
        if count > 1:
            lab.add_router_addresses(node, addresses[1:])
        routers = [Router(lab, "router" if number == 0 else f"router{number}", [(node, address)])
                   for number, address in enumerate(addresses)]
        for router in routers:
            router.wait_until_up()
        lab.start_instruments(client=False)
        lab.set_vip(node, True)
        for kind in programs:
            for run in range(runs(campaign, kind)):
                time.sleep(0.5)
                one(campaign, kind(lab, node, Task(addresses, checked=False)), count, run)


def one(campaign, program, count, run):
    """One start."""
    messages, address = program.lab.messages, program.node.address
    messages.poll()
    messages.seen.clear()
    noise = Noise()
    begin = program.start()
    try:
        deadline = time.monotonic() + LIMIT
        while len(times := messages.established(address, begin)) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        memory = figures.memory(program.pids())
        campaign.record(
            "peers", program.name, noise=noise.cores(), run=run, count=count, up=len(times),
            first=milliseconds(min(times.values(), default=None), begin),
            established=milliseconds(max(times.values()), begin) if len(times) == count else None,
            cpu=figures.cpu(program.pids()), rss=memory["rss"], threads=memory["threads"])
    finally:
        program.end()
