"""BFD at 50 ms, three times, with each router program that has it."""

import contextlib
import time

from lab.fib import RouteWatch
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import PREFIX, milliseconds, peer_status

# The detection time, and what a machine that runs several cells at once may add. `interop/bench` measures without them.
DETECTION = 150e6
LIMIT = 300e6
CUT = """\
table inet cut {{
  chain in {{ type filter hook prerouting priority -400; iifname "{device}" drop; }}
  chain out {{ type filter hook postrouting priority 400; oifname "{device}" drop; }}
}}
"""


def start_with_bfd(place, node, neighbor="bfd", **settings):
    """The router and one node with BFD, up to the VIP in the router's kernel and BFD Up at both ends."""
    place.router.start(place.neighbor(node, bfd=neighbor == "bfd" or neighbor))
    start_node(node, **settings)
    place.router.await_established(node.address)
    eventually("the VIP is in the router's kernel", lambda: place.router.host.next_hops(PREFIX) == [node.address])
    await_up(place, node)


def start_node(node, **settings):
    """Service and bgpvip, which may have real-time scheduling."""
    node.service.start()
    node.speaker.start(
        node.environment(BGPVIP_BFD="50ms", **settings), ["run"], capabilities=("NET_ADMIN", "SYS_NICE"))


def await_up(place, node):
    """Waits until BFD is Up at both ends, at the speed that was asked for."""
    eventually("bgpvip's BFD is Up", lambda: bfd_status(node)["state"] == "Up" and bfd_status(node).get("remoteState") == "Up")
    eventually("the router's BFD is Up", lambda: place.router.bfd_state(node.address).lower() == "up")
    eventually("both have agreed on 150 ms", lambda: bfd_status(node).get("detectionSeconds") == 0.15)
    # When its first session becomes Established, FRR takes a BFD session that was Up before down and up once more.
    eventually("BFD and session are stable", lambda: min(
        bfd_status(node)["stateSeconds"], peer_status(node)["stateSeconds"]) > 1.5)


def bfd_status(node):
    """What `bgpvip peers --json` says of BFD."""
    return peer_status(node)["bfd"]


@contextlib.contextmanager
def cut(node, device):
    """The node's link loses every packet in the block, without a word to anybody; gives the time of its beginning (ns)."""
    at = time.monotonic_ns()
    node.host.run("nft", "-f", "-", text_input=CUT.format(device=device))
    try:
        yield at
    finally:
        node.host.run("nft", "delete", "table", "inet", "cut")


def bfd(cell):
    """BFD at 50 ms × 3: Up at both ends; a cut link: next hop out, BGP closed by both, all back when it is repaired."""
    node = cell.nodes[0]
    start_with_bfd(cell, node)
    shown = node.speaker.ask("peers")
    expect(" up " in shown, f"`bgpvip peers` shows no BFD that is up: {shown!r}")
    before = bfd_status(node)["failures"]
    with RouteWatch(cell.router.host, PREFIX) as watch, cut(node, "router") as since:
        took = watch.wait("is out", lambda hops: not hops, after=since) - since
        eventually("bgpvip has closed the session", lambda: peer_status(node)["state"] != "Established", 5)
        status = bfd_status(node)
    expect_equal(
        (status["failures"] - before, status["lastDown"]), (1, "nothing heard for 150 ms"), "failures and reason")
    expect(took <= LIMIT, f"out of the router's kernel after {milliseconds(took)}")
    cell.router.await_established(node.address)
    await_up(cell, node)
    return f"Up at both ends; {milliseconds(took)} after the link was cut, the path is out of the router's kernel"


def bfd_frozen(cell):
    """bgpvip is frozen (SIGSTOP): BFD stops with it, and the router drops the path; all is back when it goes on."""
    node = cell.nodes[0]
    start_with_bfd(cell, node)
    with RouteWatch(cell.router.host, PREFIX) as watch:
        since = time.monotonic_ns()
        node.speaker.signal("STOP")
        took = watch.wait("is out", lambda hops: not hops, after=since) - since
    node.speaker.signal("CONT")
    cell.router.await_established(node.address)
    await_up(cell, node)
    # The engine takes its time to send a signal.
    expect(took <= 1e9, f"out of the router's kernel after {milliseconds(took)}")
    return f"out of the router's kernel {milliseconds(took)} after the engine was asked to freeze it; back afterwards"


def bfd_drain(cell):
    """Drain: the router reads our Cease before BFD says AdminDown; undrain brings both back."""
    node = cell.nodes[0]
    start_with_bfd(cell, node)
    failures = bfd_status(node)["failures"]
    node.speaker.ask("drain", "--wait", "--reason", "new kernel")
    eventually("the router's BFD is not up", lambda: cell.router.bfd_state(node.address).lower() != "up", 5)
    eventually("our BFD is held down", lambda: bfd_status(node)["state"] == "AdminDown", 5)
    said = eventually("the router shows why the session ended", lambda: cell.router.farewell(node.address))
    expect("new kernel" in said, f"the router shows {said!r}")
    expect_equal(bfd_status(node)["failures"], failures, "the number of failures")
    node.speaker.ask("undrain")
    cell.router.await_established(node.address)
    await_up(cell, node)
    return f"`{said}`; BFD is Up again after undrain"


def bfd_shut_down(cell):
    """The router's operator shuts BFD down: the BGP session stays up (RFC 5882)."""
    node = cell.nodes[0]
    # In the router, BGP does not follow BFD here: it would close the session itself.
    start_with_bfd(cell, node, neighbor="apart")
    failures, flaps = bfd_status(node)["failures"], peer_status(node)["flaps"]
    cell.router.shut_bfd_down(node.address, node.router)
    eventually("bgpvip has heard AdminDown", lambda: "operator" in bfd_status(node).get("lastDown", ""), 5)
    time.sleep(2)
    status = peer_status(node)
    expect_equal((status["state"], status["flaps"]), ("Established", flaps), "the session's state and flaps")
    expect_equal(status["bfd"]["failures"], failures, "the number of failures")
    expect(cell.router.established(node.address), "the router's session is not Established any more")
    return "BFD is down, the session stays Established"
