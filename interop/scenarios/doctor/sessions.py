"""What only a daemon learns, because it goes on with the session; and reasons that stay."""

import contextlib

from lab.bird import neighbor
from lab.doctor import codes, findings_beside, provoked
from lab.node import TOR_AS
from lab.routers.frr import FrrRouter
from lab.tor_config import Neighbor
from lab.waiting import eventually, expect, expect_equal
from scenarios.doctor.routers import bird
from scenarios.doctor.states import filtered
from scenarios.rack import peer_status

TWO_VIPS = {"BGPVIP_VIP": "10.255.0.1,10.255.0.2"}
# BIRD's default: it turns everybody away for a minute and more after an error.
LONG_WAIT = "error wait time 60, 300;"
# An address of the first node, where FRR runs, beside which its interface has no IPv6 address.
FRR_ADDRESS = "10.0.8.1"


def faults():
    """Code, how it is provoked, options of BIRD's neighbor, and the settings."""
    return [
        ("peer-rejects-as", "the router expects another AS, and waits 60 s after each error",
         {"peer_as": 65099, "more": LONG_WAIT}, {}),
        ("peer-rejects-hold-time", "`min hold time 30` on the router", {"more": f"min hold time 30; {LONG_WAIT}"}, {}),
        ("peer-rejects-capability", "`require extended messages on` on the router",
         {"more": f"require extended messages on; {LONG_WAIT}"}, {}),
        ("peer-max-prefix", "`import limit 1` on the router, and two VIPs",
         {"imports": "all; import limit 1 action disable"}, TWO_VIPS),
        ("peer-not-dialled", "`passive` on both sides", {}, {"BGPVIP_PASSIVE": "all"}),
    ]


@contextlib.contextmanager
def beside(node, **settings):
    """The node's daemon, which ends with the block."""
    node.speaker.start(node.environment(**settings), ["run"], capabilities=("NET_ADMIN", "NET_BIND_SERVICE"))
    try:
        eventually("the daemon answers", lambda: node.speaker.status("peers"))
        yield
    finally:
        node.speaker.remove()


def await_finding(node, code, how):
    """Waits until doctor finds it beside the daemon."""
    eventually(f"doctor finds {code}", lambda: code in codes(findings_beside(node.speaker)), 20)
    return provoked(findings_beside(node.speaker), code, how)


def await_kept(node, code, text=""):
    """Waits until the router has turned the node away some more times: the first cause is what is shown still."""
    eventually("several attempts have followed", lambda: peer_status(node).get("lastErrorSecondsAgo", 0) > 6, 30)
    findings = findings_beside(node.speaker)
    found = [finding for finding in findings if finding["code"] == code]
    expect(found and text in found[0]["evidence"],
           f"{code} {text} is not what doctor finds any more, but {findings}; the peer is {peer_status(node)}")


def doctor_sessions(lab):
    """Doctor, beside a daemon: what ended a session or keeps it from coming up, and that this stays what is shown."""
    node = lab.nodes[0]
    node.service.start()
    for code, how, options, settings in faults():
        with bird(lab, node, **options), beside(node, **settings):
            await_finding(node, code, how)
            if code != "peer-not-dialled":
                await_kept(node, code)
    # Not by TTL security on BIRD's side alone: BIRD may read our OPEN before it checks TTLs.
    with bird(lab, node), filtered(
            lab.tor, f"ip saddr {node.address} tcp dport 179 tcp flags & syn == 0 drop", hook="input"), beside(node):
        await_finding(node, "peer-unheard", "a firewall drops what follows the node's SYN")
    with bird(lab, node), beside(node, BGPVIP_BFD="300ms"):
        await_finding(node, "bfd-down", "no `bfd` on the router")
        lab.tor.run("birdc", "disable", node.name, '"new line card"')
        await_finding(node, "peer-shut-down", "`birdc disable NAME \"new line card\"` on the router")
        await_kept(node, "peer-shut-down", "new line card")
    with bird(lab, node), beside(node):
        lab.bird.await_established(node.name)
        lab.bird.configure(neighbor("another", "10.0.1.3"))
        await_finding(node, "peer-removed", "the neighbor is taken out of BIRD's configuration")
        await_kept(node, "peer-removed")
    with bird(lab, node), beside(node, BGPVIP_HOLD_TIME="3s"):
        lab.bird.await_established(node.name)
        with filtered(lab.tor, "ip saddr 10.0.1.1 tcp sport 179 drop", hook="output"):
            await_finding(node, "peer-fell-silent", "a firewall drops all packets of the session that come from the router")
    with bird(lab, node), beside(node):
        lab.bird.await_established(node.name)
        eventually("the VIP is advertised", lambda: peer_status(node).get("advertised") == 1)
        with filtered(lab.tor, f"ip saddr {node.address} tcp dport 179 drop", hook="input"):
            node.service.kill()
            await_finding(node, "peer-unacknowledged", "a firewall drops all packets of the session that come from the node")
        node.service.start()
    without_ipv6(lab)
    several_paths(lab)
    return f"{len(faults()) + 8} findings; the reasons stay"


def without_ipv6(lab):
    """FRR with IPv6 unicast on a session at whose end there is no IPv6 address: it gives no reason for its Cease."""
    first, second = lab.nodes[:2]
    first.host.run("ip", "address", "add", f"{FRR_ADDRESS}/32", "dev", "lo")
    lab.tor.run("ip", "route", "add", FRR_ADDRESS, "via", first.address)
    router = FrrRouter(first.host, lab.product)
    router.start(Neighbor(second.address, FRR_ADDRESS, multihop=2))
    try:
        with beside(second, BGPVIP_PEERS=f"{FRR_ADDRESS}:{TOR_AS}::2"):
            await_finding(second, "peer-gives-no-reason",
                          "FRR with IPv6 unicast activated, at an address whose interface has no IPv6 address")
    finally:
        router.kill()


def several_paths(lab):
    """The router tells each node of the other's path: nothing is wrong while both are equal."""
    first, second = lab.nodes[:2]
    second.service.start()
    lab.bird.start(*[neighbor(node.name, node.address, exports="all") for node in (first, second)])
    with beside(first):
        for prepend in (0, 1):
            with beside(second, BGPVIP_PREPEND=str(prepend)):
                eventually("the router tells the second node of the first one's path",
                           lambda: peer_status(second).get("routesHeard"))
                if prepend:
                    provoked(findings_beside(second.speaker), "paths-differ",
                             "`prepend` on one of two nodes, and a router that advertises the VIP to the nodes")
                else:
                    expect_equal(codes(findings_beside(second.speaker)), [], "the findings with two equal paths")
    lab.bird.kill()
