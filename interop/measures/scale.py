"""Many VIPs: from the word to the last of N /32s in the router's kernel, on an established session, and out of it again.

What the word is: a command or a signal; for bgpvip, which has no such command, the probe that passes or fails. Nobody
puts the addresses on lo meanwhile: bgpvip runs with `--bind false`, and one local route leads to all of them.
"""

import ipaddress
import signal
import time

from lab.waiting import Failed
from measures import figures
from measures.campaign import Step, milliseconds
from measures.lab import Lab
from measures.machine import Noise
from measures.programs.program import Task
from measures.router import Router, wait_for_sessions

# How many, and how often.
RUNS = {1: 7, 100: 7, 10_000: 7, 100_000: 1}
FEWER = {"exabgp": {10_000: 3}}
SECONDS = {1: 1, 100: 1, 10_000: 1.5, 100_000: 5}
SLOWER = {"exabgp": {10_000: 9, 100_000: 90}, "frr": {100_000: 10}, "gobgp": {100_000: 12}}
LIMIT = 90
FIRST = int(ipaddress.ip_address("10.96.0.1"))


def plan(campaign, wanted):
    """A step for each program."""
    if "scale" not in wanted:
        return []
    counts = [count for count in RUNS if not campaign.quick or count <= 10_000]

    def seconds(name):
        return sum(3 + runs(campaign, name, count) * (SECONDS[count] + SLOWER.get(name, {}).get(count, 0))
                   for count in counts)
    return [Step(f"{program.name} scale", seconds(program.name),
                 lambda program=program: measure(campaign, program, counts))
            for program in campaign.programs if program.scales]


def runs(campaign, name, count):
    """How often a program is measured with so many."""
    return 1 if count == 100_000 else campaign.runs(FEWER.get(name, {}).get(count, RUNS[count]))


def measure(campaign, kind, counts):
    """Every number of prefixes with a fresh start."""
    with Lab(1) as lab:
        node = lab.nodes[0]
        router = Router(lab, "router", [(node, node.gateway)]).wait_until_up()
        lab.start_instruments(client=False)
        lab.start_service(node)
        # bgpvip advertises only what is local.
        lab.run(node.namespace, "ip", "route", "add", "local", "10.96.0.0/11", "dev", "lo")
        for count in counts:
            prefixes = [str(ipaddress.ip_address(FIRST + number)) for number in range(count)]
            # bgpvip is to find a sick service.
            node.service.send(signal.SIGUSR1)
            program = kind(lab, node, Task([node.gateway], vips=prefixes, checked=False, waits=True))
            program.start()
            try:
                if not wait_for_sessions([router], 1, 60):
                    raise Failed(f"{count} prefixes: no session within 60 s\n{lab.logs(*program.log_files())}")
                program.prepare(prefixes)
                time.sleep(1.5)
                for run in range(runs(campaign, kind.name, count)):
                    if not cycle(campaign, program, prefixes, run):
                        raise Failed(f"{count} prefixes: not all in the router's kernel within {LIMIT} s")
            finally:
                program.end()
            wait_until(lab, 0, 0, 30)


def wait_until(lab, count, since, seconds):
    """When so many of them were in the router's kernel."""
    if lab.routes.count == count and since == 0:
        return 0
    return lab.routes.wait(lambda _, number: number == count, since, seconds)


def cycle(campaign, program, prefixes, run):
    """All in and all out once; False if they did not all come in."""
    lab, count = program.lab, len(prefixes)
    noise, pids = Noise(), program.pids()
    spent = figures.cpu(pids)
    begin = program.advertise(prefixes)
    complete = wait_until(lab, count, begin, LIMIT)
    time.sleep(0.3)
    spent = figures.cpu(pids) - spent
    memory = figures.memory(pids)
    updates = len(lab.messages.updates(program.node.address, begin))
    gone = None
    if complete:
        back = program.withdraw(prefixes)
        gone = milliseconds(wait_until(lab, 0, back, LIMIT), back)
    campaign.record(
        "scale", program.name, noise=noise.cores(), run=run, count=count, routes=milliseconds(complete, begin), gone=gone,
        updates=updates if complete else None, cpu=spent, rss=memory["rss"], reached=count if complete else lab.routes.count,
        lost=lab.routes.lost or None)
    time.sleep(0.3)
    return complete is not None
