"""What changes while a session is up, with each router program: withdrawal, drain, departure, refresh, restart."""

from lab.client import Requests, spread
from lab.node import VIP
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import PREFIX, await_bound, peer_status

# So long that it does not end while the scenario looks at it.
SETTLE = "300s"
GRACEFUL_SHUTDOWN, LLGR_STALE = "65535:0", "65535:6"


def start_one(cell, **settings):
    """The router and one node, up to the VIP at the router."""
    node = cell.nodes[0]
    cell.router.start(cell.neighbor(node))
    node.start(**settings)
    cell.router.await_established(node.address)
    cell.router.await_paths(PREFIX, node.address)
    return node


def withdraw(cell):
    """The service crashes and comes back: so does the path, and the session stays up."""
    node = start_one(cell)
    flaps = peer_status(node)["flaps"]
    node.service.kill()
    cell.router.await_paths(PREFIX)
    await_bound(node, False)
    expect(cell.router.established(node.address), "the session has ended")
    node.service.start()
    cell.router.await_paths(PREFIX, node.address)
    expect_equal(peer_status(node)["flaps"], flaps, "the number of flaps")
    return "withdrawn and advertised again over the same session"


def sigterm(cell):
    """SIGTERM: Cease/Administrative Shutdown with its text (RFC 9003), as the router shows it."""
    node = start_one(cell)
    node.speaker.signal("TERM")
    expect_equal(node.speaker.exit_status(), 0, "the exit status")
    cell.router.await_paths(PREFIX)
    expect(not cell.router.established(node.address), "the session is still Established")
    said = eventually("the router shows why the session ended", lambda: cell.router.farewell(node.address))
    expect(("SIGTERM" in said) != bool(cell.router.loses_farewell), f"the router shows {said!r}")
    return f"`{said}`{cell.router.loses_farewell}"


def refresh(cell):
    """The router requests all routes again (RFC 2918): it gets them, the VIP stays, the session too."""
    node = start_one(cell)
    before = peer_status(node)
    cell.router.ask_refresh(node.address)

    def requested():
        status = peer_status(node)
        return status["messagesReceived"]["routeRefresh"] > before["messagesReceived"]["routeRefresh"] and status
    after = eventually("bgpvip has received a ROUTE-REFRESH", requested)
    eventually("bgpvip has answered it",
               lambda: peer_status(node)["messagesSent"]["update"] > before["messagesSent"]["update"])
    cell.router.await_paths(PREFIX, node.address)
    expect_equal(after["flaps"], before["flaps"], "the number of flaps")
    return "ROUTE-REFRESH received and answered, the VIP stays"


def graceful_shutdown(cell):
    """Drain with --settle: GRACEFUL_SHUTDOWN (RFC 8326) at the router, and what that does; undrain takes it back."""
    draining, other = cell.nodes
    both = [node.address for node in cell.nodes]
    cell.router.start(*[cell.neighbor(node) for node in cell.nodes])
    for node in cell.nodes:
        node.start(BGPVIP_SETTLE=SETTLE)
    cell.router.await_established(*both)
    cell.router.await_paths(PREFIX, *both)
    draining.speaker.ask("drain")
    marked = await_marked(cell, draining, GRACEFUL_SHUTDOWN, True)
    seen = f"community {GRACEFUL_SHUTDOWN}"
    if cell.router.honours_graceful_shutdown:
        expect_equal(marked.local_pref, 0, "the LOCAL_PREF of the path that is going")
        seen += f", LOCAL_PREF 0 {cell.router.honours_graceful_shutdown}"
    if cell.router.has_fib:
        await_next_hops(cell, [other.address])
        expect(draining.has_vip(), "the VIP has left lo while the node settles")
        share = spread(Requests(cell.router.host, VIP, 60).results())
        expect_equal(list(share), [other.name], "who answered requests to the VIP")
        seen += ", the kernel uses the other node only, no request fails"
    draining.speaker.ask("undrain")
    await_marked(cell, draining, GRACEFUL_SHUTDOWN, False)
    if cell.router.has_fib:
        await_next_hops(cell, both)
    return f"{seen}; gone after undrain"


def llgr(cell):
    """--llgr, kill -9 of both nodes' speakers: the first path is out of use at once, the last one stays and leads on."""
    first, last = cell.nodes
    both = [node.address for node in cell.nodes]
    cell.router.start(*[cell.neighbor(node, long_lived=True) for node in cell.nodes])
    for node in cell.nodes:
        node.start(BGPVIP_LLGR="600s")
    cell.router.await_established(*both)
    cell.router.await_paths(PREFIX, *both)
    first.speaker.signal("KILL")
    await_marked(cell, first, LLGR_STALE, True)
    if cell.router.has_fib:
        await_next_hops(cell, [last.address])
    last.speaker.signal("KILL")
    await_marked(cell, last, LLGR_STALE, True)
    seen = "both paths are kept with LLGR_STALE, the first out of use while there was another"
    if cell.router.has_fib:
        # Which of the two it is does not matter: the service runs on both nodes.
        expect(cell.router.host.next_hops(PREFIX), "the last path has left the kernel")
        answered = spread(Requests(cell.router.host, VIP, 60).results())
        seen += f"; without any speaker 60 requests answered by {', '.join(answered)}"
    return seen


def await_marked(cell, node, community, marked):
    """Waits until the node's path has the community, or has not, and returns it."""
    def path():
        for path in cell.router.paths(PREFIX):
            if path.neighbor == node.address and (community in path.communities) == marked:
                return path
        return None
    return eventually(f"the path of {node.name} is {'marked' if marked else 'not marked'} at the router", path, 40)


def await_next_hops(cell, wanted):
    """Waits until the router's kernel uses exactly these next hops."""
    eventually(f"the kernel's next hops are {wanted}", lambda: cell.router.host.next_hops(PREFIX) == sorted(wanted), 40)


def restart(cell):
    """kill -9 of the router program; when it is back, so are session and path."""
    node = start_one(cell)
    cell.router.kill()
    eventually("bgpvip has seen the end of the session", lambda: peer_status(node)["state"] != "Established")
    if cell.router.has_fib:
        # The route it left in the kernel goes, so that the new one can be seen to come.
        cell.router.host.shell(cell.router.flush)
    cell.router.launch()
    cell.router.await_established(node.address)
    cell.router.await_paths(PREFIX, node.address)
    if cell.router.has_fib:
        await_next_hops(cell, [node.address])
    expect(node.has_vip(), "the VIP is not on lo")
    return "session and path are back"
