"""Neighbours that do harm for some seconds. All else goes on: the session with the ToR, commands, a crash, the end.

One bgpvip on the first node, the ToR as the router that matters, the spine or a host as the one that does harm.
"""

import contextlib
import time

from lab.bird import Bird
from lab.fib import RouteWatch
from lab.node import TOR_AS
from lab.resident import Resident
from lab.tor_config import bird_neighbors
from lab.waiting import expect
from scenarios.hostile.limits import HOLD_TIME, Figures, hold, losses
from scenarios.rack import PREFIX, TO_THE_NODES, await_bound, await_next_hops

SPINE = "10.2.0.2"
SOCKET = "/run/bgpvip/bgpvip.sock"
# How long the harm lasts before the service crashes, in seconds.
SECONDS = 5


def harm(name, summary, where, *arguments):
    """A scenario: `hostile.py ARGUMENTS` on a host, called `where`, does harm to the first node's bgpvip."""
    def scenario(lab):
        return endure(lab, getattr(lab, where) if where != "node" else lab.nodes[0].host, arguments)
    scenario.__name__ = f"hostile_{name}"
    scenario.__doc__ = f"{summary}: sessions, commands, memory, a withdrawal and the end stay within their limits."
    return scenario


def endure(lab, host, arguments):
    """Starts all, has the harm done, and holds what is measured against the limits."""
    node = lab.nodes[0]
    with_bfd = arguments[0] == "bfd"
    lab.bird.start(bird_neighbors([node], hold_time=HOLD_TIME, bfd=with_bfd))
    if arguments[0] != "router":
        Bird(lab.spine, SPINE).start(TO_THE_NODES, bird_neighbors([node], local=SPINE, multihop=2))
    node.service.start()
    bgpvip = Resident(
        lab.engine, lab.product, node, BGPVIP_PEERS=f"{node.router}:{TOR_AS},{SPINE}:{TOR_AS}::2", BGPVIP_METRICS="9179",
        BGPVIP_HOLD_TIME=f"{HOLD_TIME}s", BGPVIP_LISTEN=node.address, **({"BGPVIP_BFD": "300ms"} if with_bfd else {}))
    bgpvip.start()
    await_next_hops(lab, [node])
    time.sleep(3)
    figures = Figures(node, bgpvip)
    with RouteWatch(lab.tor, PREFIX) as watch:
        with doing(host, arguments), figures.watching_messages(lab.tor):
            deadline = time.monotonic() + SECONDS
            while time.monotonic() < deadline:
                figures.ask()
                time.sleep(0.1)
            expect(not losses(watch, node), f"the ToR's route has changed without cause: {watch.changes}")
            killed = node.service.kill()
            gone = watch.wait("is lost", lambda hops: hops == [], after=killed)
            figures.withdrawals.append((gone - killed) / 1e9)
            node.service.start()
            await_next_hops(lab, [node])
    figures.recover()
    with doing(host, arguments):
        figures.leave()
    await_bound(node, False)
    return hold(figures)


@contextlib.contextmanager
def doing(host, arguments):
    """The harm, from its beginning to the end of the block."""
    process = host.stream("python3", "/lab/hostile.py", *arguments)
    try:
        expect(process.stdout.readline().strip() == "ready", f"hostile.py {' '.join(arguments)} has not begun")
        yield
    finally:
        host.shell("kill $(pgrep -f '[h]ostile.py')", check=False)
        process.kill()
        process.wait()


ALL = (
    harm("keepalives", "A router sends KEEPALIVEs without a pause", "spine", "router", "keepalive", str(TOR_AS)),
    harm("updates", "A router sends UPDATEs without a pause", "spine", "router", "update", str(TOR_AS)),
    harm("malformed", "A router sends malformed UPDATEs without a pause", "spine", "router", "malformed", str(TOR_AS)),
    harm("refreshes", "A router asks for all routes without a pause", "spine", "router", "refresh", str(TOR_AS)),
    harm("opens", "A router dials without a pause, with an OPEN each time", "spine", "opens", SPINE, "10.0.1.2", str(TOR_AS)),
    harm("bfd", "BFD packets come from the router's address without a pause", "tor", "bfd", "10.0.1.1", "10.0.1.2"),
    harm("half_open", "2000 connections to the port for BGP say nothing", "client", "connections", "2000", "10.0.1.2", "179"),
    harm("idle_clients", "500 clients of the control socket say nothing", "node", "connections", "500", "-", SOCKET),
    harm("slow_clients", "500 clients of the control socket send an octet now and then", "node", "connections", "500", "-",
         SOCKET, "slow"),
)
