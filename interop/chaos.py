"""Random faults in a cell with BIRD and one with FRR, while clients make connections to the VIP: see `interop/chaos --help`.

A connection may fail only within the bound of an event, or if it was open when the router changed its next hops because of
an event: the router then sends its packets to another node. The next hops may change only because of an event. In the end
everything is as it was.
"""

import argparse
import contextlib
import json
import random
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from faults.account import Account, around
from faults.events import KINDS
from faults.ground import FAULTS, Ground
from faults.timeline import Recorder
from lab.evidence import ARTEFACTS
from lab.fib import RouteWatch
from lab.node import VIP
from lab.routers import PROGRAMS
from lab.session import alone, say
from lab.speaker import real_time
from lab.waiting import STOPPING, expect
from scenarios.rack import PREFIX

EVIDENCE = ARTEFACTS / "chaos"
PLAIN_PORT = "6480"
# In each cell, a second.
CONNECTIONS = 250
# Of the connections that are due, so many must have been made: a client that does not run sees no failure.
MADE = 0.9
# So many lines of what is unexplained are printed.
SHOWN = 40


def play(ground, seconds):
    """Faults for so long, with a client; returns the account, how many connections there were, and what is left."""
    try:
        with ground.with_disks():
            ground.begin()
            host, reports = ground.cell.router.host, []
            with Recorder(ground.cell) as recorder:
                try:
                    with RouteWatch(host, PREFIX) as watch, connecting(host, reports):
                        begun = time.monotonic()
                        while time.monotonic() < begun + seconds:
                            expect(not STOPPING.wait(ground.chance.uniform(1, 3)), "the run is being stopped")
                            ground.fault()
                        time.sleep(15)
                        lasted = time.monotonic() - begun
                finally:
                    lines = recorder.lines(ground.events[0].at, ground.looks)
                    keep(f"{ground.cell.name}.log", lines)
            left = list(ground.left())
        made, due = reports[-1]["connections"], int(lasted * CONNECTIONS)
        if made < MADE * due:
            left.append(f"the client made only {made} of {due} connections")
        if recorder.set:
            left.append(f"the wall clock was set by {recorder.set / 1e9:.3f} s; the logs' times are off by up to that much")
        # The first change is what there was.
        account = Account(ground.events, lines, watch.changes[1:], recorder.stalls, ground.cell.nodes)
        account.settle(reports[:-1])
        for number, event in enumerate(event for event in account.events if event.unexplained):
            name = f"{ground.cell.name}-{number + 1}-{event.kind.replace(' ', '-')}.txt"
            keep(name, around(event, lines), event.at)
        return account, made, left
    except BaseException as error:
        if not STOPPING.is_set():
            say(f"{ground.cell.name}: {error}")
        STOPPING.set()
        raise


def keep(name, lines, since=0):
    """Writes lines of a timeline to a file: seconds since a time, source and text."""
    with open(EVIDENCE / name, "w", encoding="utf-8") as file:
        file.writelines(f"{(line.at - since) / 1e9:.6f} {line.source}: {line.text}\n" for line in lines)


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


def report(grounds, outcomes):
    """Prints the table and what is unexplained; returns how much that is."""
    print("| router | event | times | failed within the bound | longest outage | bound | moved | unexplained |\n"
          "|---|---|---|---|---|---|---|---|")
    unexplained, total, failed, stretched = [], 0, 0, 0
    for ground, (account, connections, left) in zip(grounds, outcomes):
        name, total = ground.cell.name, total + connections
        unexplained += [f"{name}: {what}" for what in left]
        for kind, costs in KINDS.items():
            events = [event for event in account.events if event.kind == kind]
            if events:
                print(row(ground.cell.router.title, kind, costs, events))
        for event in account.events:
            failed += event.failed + event.moved
            stretched += event.stretched
            unexplained += [f"{name}: {(line.at - event.at) / 1e9:.2f} s after: {event.kind} {event.node}: {line.text}"
                            for line in event.unexplained]
    for ground, (account, *_) in zip(grounds, outcomes):
        print(f"{ground.cell.router.title}: bgpvip has {ground.scheduling}; {account.stalls}; {account.lateness()}")
    for what in unexplained[:SHOWN]:
        print(f"UNEXPLAINED {what}")
    if len(unexplained) > SHOWN:
        print(f"UNEXPLAINED and {len(unexplained) - SHOWN} more")
    print(f"{total} connections, {failed} failed with a cause, {stretched} of them within the bound only because of stalls; "
          f"{len(unexplained)} things unexplained; evidence in {EVIDENCE}", flush=True)
    return len(unexplained)


def row(title, kind, costs, events):
    """A row of the table."""
    failed = sum(event.failed for event in events)
    outage = f"{max(event.longest for event in events):.2f} s" if failed else "-"
    bound = f"{costs.bound} s" + (" after its end" if costs.after_end else "") if costs.bound else "-"
    moved, unexplained = sum(event.moved for event in events), sum(len(event.unexplained) for event in events)
    return f"| {title} | {kind} | {len(events)} | {failed} | {outage} | {bound} | {moved} | {unexplained} |"


def main():
    """The command line; the exit status is 0 only if everything is explained."""
    parser = argparse.ArgumentParser(
        prog="interop/chaos", description="Random faults for some minutes in a cell with BIRD and one with FRR, while "
        f"clients make {2 * CONNECTIONS} connections a second to the VIP. Every failed connection must be explained by a "
        "fault and its bound.")
    parser.add_argument("minutes", type=float)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--fault", choices=sorted(FAULTS), action="append", help="only this one; may be given several times")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    return alone(lambda lab: run(lab, options))


def run(lab, options):
    """Both cells at the same time; returns the exit status."""
    shutil.rmtree(EVIDENCE, ignore_errors=True)
    EVIDENCE.mkdir()
    faults = sorted(options.fault or FAULTS)
    with real_time() as share, ThreadPoolExecutor() as pool:
        grounds = [Ground(lab.cell(PROGRAMS[name]), random.Random(f"{options.seed} {name}"), faults, share)
                   for name in ("bird", "frr")]
        try:
            outcomes = list(pool.map(lambda ground: play(ground, options.minutes * 60), grounds))
        except BaseException:
            STOPPING.set()
            raise
    return 1 if report(grounds, outcomes) else 0


sys.exit(main())
