"""BFD in the rack: a node that dies leaves ECMP at once."""

from lab.client import Requests
from lab.fib import RouteWatch
from lab.node import VIP
from lab.tor_config import bird_neighbors
from lab.waiting import eventually, expect
from scenarios.rack import PREFIX, await_next_hops, milliseconds, peer_status
from scenarios.routers.bfd import LIMIT, bfd_status, cut, start_node

# The nodes' interface towards the ToR.
DEVICE = "ens192"


def bfd(lab):
    """BFD at 50 ms × 3 with three nodes: one's link is cut, and the ToR sends the next request elsewhere; strict mode."""
    lab.bird.start(bird_neighbors(lab.nodes, bfd=True))
    for node in lab.nodes:
        start_node(node, BGPVIP_BFD_STRICT="true")
    await_next_hops(lab, lab.nodes)
    for node in lab.nodes:
        eventually(f"BFD of {node.name} is Up", lambda node=node: bfd_status(node)["state"] == "Up")
    dead, others = lab.nodes[0], lab.nodes[1:]
    with RouteWatch(lab.tor, PREFIX) as watch, cut(dead, DEVICE) as since:
        took = watch.wait(f"lost {dead.name}", lambda hops: dead.address not in hops, after=since) - since
        expect(took <= LIMIT, f"out of the ToR's kernel after {milliseconds(took)}")
        failed = [result for result in Requests(lab.client, VIP, count=30).results() if "error" in result]
        expect(not failed, f"requests after the path was gone failed: {failed}")
        waiting = eventually(
            "the node's session waits for BFD",
            lambda: bfd_status(dead)["holdsSession"] and dead.speaker.ask("peers"), 5)
        expect(" waiting " in waiting, f"`bgpvip peers` says {waiting!r}")
    await_next_hops(lab, lab.nodes)
    flaps = [peer_status(node)["flaps"] for node in others]
    expect(flaps == [0, 0], f"the other nodes' sessions have flapped: {flaps}")
    return f"out of the ToR's kernel {milliseconds(took)} after the cut; no request fails after that; back when it is mended"
