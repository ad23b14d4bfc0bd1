"""What most scenarios begin with: the ToR's BIRD and one or three nodes that advertise the VIP."""

import re

from lab.node import VIP
from lab.tor_config import bird_neighbors
from lab.waiting import eventually, expect

PREFIX = f"{VIP}/32"
# For the spine, which reaches the nodes' addresses through the ToR.
TO_THE_NODES = "protocol static { ipv4; route 10.0.0.0/16 via 10.2.0.1; }\n"


def start_rack(lab, nodes, router=None, **settings):
    """Starts BIRD on the ToR, service and bgpvip on the nodes, and waits until the ToR's kernel has all next hops.

    `router` are options of `bird_neighbors`, `settings` variables of bgpvip's environment.
    """
    lab.bird.start(bird_neighbors(nodes, **(router or {})))
    for node in nodes:
        node.start(**settings)
    await_next_hops(lab, nodes)


def await_next_hops(lab, nodes, seconds=30):
    """Waits until the ToR's kernel sends the VIP's traffic to exactly these nodes."""
    wanted = sorted(node.address for node in nodes)
    eventually(
        f"the ToR's next hops of {PREFIX} are {wanted}", lambda: lab.tor.next_hops(PREFIX) == wanted, seconds)


def await_bound(node, bound, address=VIP, seconds=5):
    """Waits until the VIP is on the node's lo, or is not."""
    eventually(
        f"the VIP is {'on' if bound else 'off'} lo of {node.name}", lambda: node.has_vip(address) == bound, seconds)


def peer_status(node, address=None):
    """What `bgpvip peers --json` says of a peer; of the ToR unless an address is given."""
    found = [peer for peer in node.speaker.status("peers") if peer["address"] == (address or node.router)]
    expect(len(found) == 1, f"`bgpvip peers` of {node.name} does not list {address or node.router} once")
    return found[0]


def await_reason(node, address, pattern):
    """The last error of a peer, once it says what `pattern` asks for."""
    def reason():
        said = peer_status(node, address).get("lastError") or ""
        return said if re.search(pattern, said) else None
    return eventually(f"`bgpvip peers` of {node.name} gives a reason like /{pattern}/ for {address}", reason, 30)


def milliseconds(nanoseconds):
    """A duration for a report."""
    return f"{nanoseconds / 1e6:.1f} ms"
