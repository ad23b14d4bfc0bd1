"""Sessions of every kind, with each router program: what the router has of the VIP."""

from lab.cell import FAR_NODE, FAR_ROUTER
from lab.client import Requests, spread
from lab.node import NODE_AS, TOR_AS, VIP, VIP6
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import PREFIX, await_bound, await_reason, peer_status

PREFIX6 = f"{VIP6}/128"
# Of which Services may have addresses; one address of each, and one of neither.
POOLS = ("10.255.1.0/29", "fd00:255:1::/125")
IN_POOLS, ELSEWHERE = ("10.255.1.7", "fd00:255:1::7"), ("10.255.1.8", "fd00:255:1::8")
PASSWORD = "correct-horse"
# More than two octets hold; and what stands for it (RFC 6793).
LONG_AS, AS_TRANS = 4200000001, 23456


def session(cell):
    """Two nodes: Established; ORIGIN, AS path and next hop at the router; a FIB, if it has one, uses both."""
    cell.router.start(*[cell.neighbor(node) for node in cell.nodes])
    for node in cell.nodes:
        node.start()
    addresses = [node.address for node in cell.nodes]
    cell.router.await_established(*addresses)
    paths = cell.router.await_paths(PREFIX, *addresses)
    for node, path in zip(cell.nodes, paths):
        expect_attributes(path, as_path=str(NODE_AS), next_hop=node.address)
        expect_equal(peer_status(node)["state"], "Established", "the state in `bgpvip peers`")
    return f"{described(paths[0])}; {used(cell, VIP, addresses)}"


def pools(cell):
    """The pools of Services: as tor-config has it, the router takes each of their addresses, and no other."""
    node = cell.nodes[0]
    cell.router.start(cell.neighbor(node, vips=(), pools=POOLS))
    node.start(BGPVIP_VIP=",".join((*ELSEWHERE, *IN_POOLS)))
    cell.router.await_established(node.address)
    taken = [f"{address}/{128 if ':' in address else 32}" for address in IN_POOLS]
    for prefix in taken:
        cell.router.await_paths(prefix, node.address)
    eventually("bgpvip has advertised all", lambda: peer_status(node)["advertised"] == 4)
    for address in ELSEWHERE:
        expect_equal(cell.router.paths(address), [], f"the paths to {address}, which is in no pool")
    return f"{' and '.join(taken)} taken, the next address of neither pool"


def md5(cell):
    """TCP MD5 (RFC 2385): the right password is Established, a wrong one is not, and `bgpvip peers` says why."""
    right, wrong = cell.nodes
    cell.router.start(*[cell.neighbor(node, password=PASSWORD) for node in cell.nodes])
    right.start(f"{right.router}:{TOR_AS}:{PASSWORD}")
    wrong.start(f"{wrong.router}:{TOR_AS}:wrong")
    cell.router.await_established(right.address)
    await_reason(wrong, wrong.router, "password|MD5")
    cell.router.await_paths(PREFIX, right.address)
    expect(not cell.router.established(wrong.address), "the session with the wrong password is Established")
    expect(peer_status(right)["usesMD5"], "`bgpvip peers` does not show that MD5 is used")
    return "right password Established, wrong password not, and named in `bgpvip peers`"


def gtsm(cell):
    """TTL security (RFC 5082): Established when both sides use it, not when only the router does."""
    with_it, without = cell.nodes
    cell.router.start(*[cell.neighbor(node, ttl_security=True) for node in cell.nodes])
    with_it.start(BGPVIP_TTL_SECURITY="true")
    if cell.router.checks_ttl:
        without.start()
    cell.router.await_established(with_it.address)
    cell.router.await_paths(PREFIX, with_it.address)
    expect_equal(peer_status(with_it)["distance"], "ttl-security 1", "the distance in `bgpvip peers`")
    if not cell.router.checks_ttl:
        return f"Established with TTL 255 on both sides; {cell.router.title} does not check ours"
    eventually("the node without it has failed", lambda: peer_status(without).get("lastError"))
    expect(not cell.router.established(without.address), "the session without TTL security is Established")
    return "Established with TTL 255 on both sides, not with TTL 1 from ours"


def multihop(cell):
    """A router two hops away: Established, and the next hop is the node's own address."""
    node, between = cell.nodes
    # FRR ends a session with IPv6 routes on it if the interface of its address has no IPv6 address, as lo here.
    cell.router.start(cell.neighbor(node, address=FAR_NODE, local=FAR_ROUTER, multihop=2, vips=(PREFIX,)))
    node.start(f"{FAR_ROUTER}:{TOR_AS}::2")
    cell.router.await_established(FAR_NODE)
    (path,) = cell.router.await_paths(PREFIX, FAR_NODE)
    expect_attributes(path, as_path=str(NODE_AS), next_hop=FAR_NODE)
    if cell.router.has_fib:
        eventually("the kernel resolves the next hop", lambda: cell.router.host.next_hops(PREFIX) == [between.address])
    return f"TTL 2: {described(path)}"


def ibgp(cell):
    """In one AS: LOCAL_PREF 100 and an empty AS path."""
    node = cell.nodes[0]
    cell.router.start(cell.neighbor(node, peer_as=TOR_AS))
    node.start(BGPVIP_LOCAL_AS=str(TOR_AS))
    cell.router.await_established(node.address)
    (path,) = cell.router.await_paths(PREFIX, node.address)
    expect_attributes(path, as_path="", next_hop=node.address)
    expect_equal(path.local_pref, 100, "LOCAL_PREF")
    return f"{described(path)}, LOCAL_PREF 100"


def ipv6(cell):
    """An IPv6 VIP over IPv6 sessions of two nodes."""
    cell.router.start(*[cell.neighbor(node, address=node.address6, local=node.router6) for node in cell.nodes])
    for node in cell.nodes:
        node.start(f"[{node.router6}]:{TOR_AS}", BGPVIP_VIP=VIP6)
    addresses = [node.address6 for node in cell.nodes]
    cell.router.await_established(*addresses)
    paths = cell.router.await_paths(PREFIX6, *addresses)
    for node, path in zip(cell.nodes, paths):
        expect_attributes(path, as_path=str(NODE_AS), next_hop=node.address6)
    return f"{described(paths[0])}; {used(cell, VIP6, addresses)}"


def extended_next_hop(cell):
    """An IPv4 and an IPv6 VIP over each node's one IPv6 session (RFC 8950): IPv6 next hops, and a withdrawal of both."""
    cell.router.start(*[
        cell.neighbor(node, address=node.address6, local=node.router6, extended_next_hop=True) for node in cell.nodes])
    for node in cell.nodes:
        node.start(f"[{node.router6}]:{TOR_AS}", BGPVIP_VIP=f"{VIP},{VIP6}")
    addresses = [node.address6 for node in cell.nodes]
    cell.router.await_established(*addresses)
    for prefix in (PREFIX, PREFIX6):
        for node, path in zip(cell.nodes, cell.router.await_paths(prefix, *addresses)):
            expect_attributes(path, as_path=str(NODE_AS), next_hop=node.address6)
    seen = used(cell, VIP, addresses)
    # Withdrawn and advertised again, over the same session.
    leaving, staying = cell.nodes
    leaving.service.kill()
    for prefix in (PREFIX, PREFIX6):
        cell.router.await_paths(prefix, staying.address6)
    leaving.service.start()
    for prefix in (PREFIX, PREFIX6):
        cell.router.await_paths(prefix, *addresses)
    expect_equal(peer_status(leaving, leaving.router6)["flaps"], 0, "the number of flaps")
    return f"{PREFIX} by next hop {addresses[0]}; {seen}; withdrawn over the same session"


def two_octet_as(cell):
    """The router says that it knows 2-octet AS numbers only, and ours needs four octets (RFC 6793)."""
    node = cell.nodes[0]
    remote_as = LONG_AS if cell.router.reads_four_octet_as else AS_TRANS
    cell.router.start(cell.neighbor(node, peer_as=remote_as, four_octet_as=False))
    node.start(BGPVIP_LOCAL_AS=str(LONG_AS))
    cell.router.await_established(node.address)
    (path,) = cell.router.await_paths(PREFIX, node.address)
    said = peer_status(node)["capabilitiesReceived"]
    expect(not any("four-octet" in capability for capability in said), f"the router offers 4-octet AS numbers: {said}")
    # AS_PATH is AS_TRANS; a router that reads AS4_PATH nevertheless puts the number in its place.
    expect(path.as_path in (str(AS_TRANS), str(LONG_AS)), f"the AS path is {path.as_path!r}")
    return f"{cell.router.two_octet_setup}: {described(path)}"


def expect_attributes(path, as_path, next_hop):
    """What must hold for every path of ours."""
    expect_equal(path.origin, "IGP", "ORIGIN")
    expect_equal(path.as_path, as_path, "the AS path")
    expect_equal(path.next_hop, next_hop, "NEXT_HOP")


def described(path):
    """A path in words."""
    return f"ORIGIN {path.origin}, AS path {path.as_path or 'empty'}, next hop {path.next_hop}"


def used(cell, address, next_hops):
    """Checks that the kernel spreads the VIP's traffic over these next hops, where there is a FIB; says what is so."""
    if not cell.router.has_fib:
        return f"{len(next_hops)} paths in the RIB"
    prefix = PREFIX6 if ":" in address else PREFIX
    eventually(f"the kernel's next hops of {prefix} are {next_hops}",
               lambda: cell.router.host.next_hops(prefix) == sorted(next_hops))
    for node in cell.nodes:
        await_bound(node, True, address=address)
    share = spread(Requests(cell.router.host, address, 60).results())
    expect_equal(list(share), [node.name for node in cell.nodes], "who answered requests to the VIP")
    return f"{len(next_hops)} next hops in the kernel, requests answered by all"
