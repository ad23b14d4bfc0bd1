"""A checked service that misbehaves in every way of `image/tools/misbehaving.py`, which says what a check must make of it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from lab.fib import RouteWatch
from lab.resident import Resident
from lab.tor_config import bird_neighbors
from lab.waiting import expect
from scenarios.hostile.limits import HOLD_TIME, Figures, hold, losses
from scenarios.rack import PREFIX, await_bound

# Three failures, the last with its timeout, take half a second: half of what is allowed.
SETTINGS = {"BGPVIP_CHECK_INTERVAL": "100ms", "BGPVIP_CHECK_TIMEOUT": "200ms", "BGPVIP_CHECK_RISE": "1", "BGPVIP_LINGER": "0"}


def hostile_services(lab):
    """The service misbehaves in some sixty ways: those that no client could use are withdrawn within a second, no other."""
    lab.bird.start(bird_neighbors(lab.nodes, hold_time=HOLD_TIME))
    kinds = list(json.loads(lab.nodes[0].host.run("python3", "/lab/misbehaving.py", "list")).items())
    with RouteWatch(lab.tor, PREFIX) as watch, ThreadPoolExecutor() as pool:
        shares = [kinds[number::len(lab.nodes)] for number in range(len(lab.nodes))]
        measured = list(pool.map(lambda node, share: suffer(lab, node, share, watch), lab.nodes, shares))
    return f"{len(kinds)} ways, {sum(not passes for _, passes in kinds)} of them withdrawn; {hold(*measured)}"


def suffer(lab, node, kinds, watch):
    """One node goes through its share; returns its figures."""
    # It makes the certificate.
    node.service.start()
    node.service.kill()
    node.host.spawn("misbehaving.log", "python3", "/lab/misbehaving.py", "serve")
    begun = time.monotonic_ns()
    bgpvip = Resident(lab.engine, lab.product, node, BGPVIP_HOLD_TIME=f"{HOLD_TIME}s", **SETTINGS)
    bgpvip.start()
    has, lacks = (lambda hops: node.address in hops), (lambda hops: node.address not in hops)
    watch.wait(f"has {node.name}", has, after=begun)
    time.sleep(2)
    figures = Figures(node, bgpvip)
    with figures.watching_messages(lab.tor):
        for kind, passes in kinds:
            node.host.write("/run/lab/kind.new", kind)
            at = time.monotonic_ns()
            node.host.run("mv", "/run/lab/kind.new", "/run/lab/kind")
            if passes:
                time.sleep(0.8)
                figures.ask()
                expect(not losses(watch, node, at), f"withdrawn although it answers: {kind}")
                node.host.run("rm", "/run/lab/kind")
            else:
                gone = watch.wait(f"lost {node.name}, whose service {kind},", lacks, after=at)
                figures.withdrawals.append((gone - at) / 1e9)
                figures.ask()
                node.host.run("rm", "/run/lab/kind")
                watch.wait(f"has {node.name} again after: {kind},", has, after=gone)
    figures.recover()
    figures.leave()
    await_bound(node, False)
    return figures


ALL = (hostile_services,)
