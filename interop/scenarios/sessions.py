"""Sessions: what BIRD sees of them, and what bgpvip says when they do not come up."""

import time

from lab.bird import Bird, neighbor
from lab.client import Requests, spread
from lab.routers.frr import FrrRouter
from lab.node import NODE_AS, TOR_AS, VIP, VIP6
from lab.tor_config import Neighbor, bird_neighbors, tor_config
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import (
    PREFIX, TO_THE_NODES, await_bound, await_next_hops, await_reason, peer_status, start_rack,
)

PASSWORD = "correct horse"
LOSE_RESETS = """\
table inet lab {
  chain out { type filter hook output priority 0; tcp sport 179 tcp flags & (rst | fin) != 0 drop; }
}
"""
# A router that takes one OPEN, acknowledges it, and resets the connection.
RESET_ONE = """
import socket, struct, sys, time
listener = socket.create_server((sys.argv[1], 179))
connection, _ = listener.accept()
connection.recv(4096)
time.sleep(0.3)
connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
connection.close()
"""


def session_up(lab):
    """Established; ORIGIN, AS path and next hop in BIRD; the VIP on lo with scope host, never a source address."""
    node = lab.nodes[0]
    start_rack(lab, [node])
    lab.bird.await_established(node.name)
    route = lab.bird.route_of(PREFIX, node.name)
    expect_equal(route["origin"], "IGP", "ORIGIN")
    expect_equal(route["as_path"], str(NODE_AS), "the AS path")
    expect_equal(route["next_hop"], node.address, "NEXT_HOP")
    address = node.host.addresses("lo")[PREFIX]
    expect_equal(address["scope"], "host", "the VIP's scope")
    # Preferred lifetime 0; of an address that never expires iproute2 shows that only as a flag.
    expect(address.get("deprecated"), "the VIP on lo is not deprecated")
    peer = peer_status(node)
    expect_equal(peer["state"], "Established", "the state in `bgpvip peers`")
    expect_equal((peer["advertised"], peer["total"]), (1, 1), "the VIPs in `bgpvip peers`")
    expect_equal(peer["peerAS"], TOR_AS, "the peer's AS in `bgpvip peers`")
    expect_equal(spread(Requests(lab.client, VIP, 10).results()), {node.name: 10}, "who answered the client")


def ibgp(lab):
    """In one AS: LOCAL_PREF 100 and an empty AS path."""
    node = lab.nodes[0]
    lab.bird.start(bird_neighbors([node], peer_as=TOR_AS))
    node.start(BGPVIP_LOCAL_AS=str(TOR_AS))
    await_next_hops(lab, [node])
    route = lab.bird.route_of(PREFIX, node.name)
    expect_equal(route["local_pref"], "100", "LOCAL_PREF")
    expect_equal(route.get("as_path", ""), "", "the AS path")
    expect_equal(route["origin"], "IGP", "ORIGIN")


def ipv6(lab):
    """An IPv6 VIP over an IPv6 session: /128 on lo, in BIRD and in the ToR's kernel; the client reaches it."""
    node, prefix = lab.nodes[0], f"{VIP6}/128"
    lab.bird.start(bird_neighbors([node], over_ipv6=True))
    node.start(f"[{node.router6}]:{TOR_AS}", BGPVIP_VIP=VIP6)
    eventually("the ToR's kernel has the next hop", lambda: lab.tor.next_hops(prefix) == [node.address6])
    route = lab.bird.route_of(prefix, node.name)
    expect_equal(route["next_hop"].split()[0], node.address6, "NEXT_HOP")
    address = node.host.addresses("lo")[prefix]
    expect(address.get("deprecated"), "the VIP on lo is not deprecated")
    expect_equal(spread(Requests(lab.client, VIP6, 10).results()), {node.name: 10}, "who answered the client")


def extended_next_hop(lab):
    """An IPv4 and an IPv6 VIP over each node's one IPv6 session (RFC 8950): IPv6 next hops for both in the kernel."""
    nodes = lab.nodes[:2]
    prefixes = {VIP: PREFIX, VIP6: f"{VIP6}/128"}
    lab.bird.start(bird_neighbors(nodes, over_ipv6=True))
    for node in nodes:
        node.start(f"[{node.router6}]:{TOR_AS}", BGPVIP_VIP=",".join(prefixes))
    wanted = [node.address6 for node in nodes]
    for address, prefix in prefixes.items():
        eventually(f"the ToR's next hops of {prefix} are {wanted}", lambda: lab.tor.next_hops(prefix) == wanted)
        share = spread(Requests(lab.client, address, 100).results())
        expect_equal(list(share), [node.name for node in nodes], "who answered the client")


def unnumbered(lab):
    """A peer that is named by its link alone: found by its link-local address, IPv6 next hop for an IPv4 VIP."""
    node = lab.nodes[0]
    # The router's port to a node is called as the node is.
    port = Neighbor(address=node.name, local="unnumbered:ens192")
    lab.bird.start(tor_config(lab.engine, lab.product, "bird", [port]))
    node.start("unnumbered:ens192")
    lab.bird.await_established("bgpvip_port1_1")
    eventually("the ToR's next hop of the VIP is an IPv6 address of the node",
               lambda: [":" in hop for hop in lab.tor.next_hops(PREFIX)] == [True])
    expect_equal(spread(Requests(lab.client, VIP, 10).results()), {node.name: 10}, "who answered the client")


def ttl_security(lab):
    """TTL security (RFC 5082) on both sides: Established, and packets leave with TTL 255."""
    node = lab.nodes[0]
    lab.bird.start(bird_neighbors([node], ttl_security=True))
    node.start(BGPVIP_TTL_SECURITY="true")
    lab.bird.await_established(node.name)
    await_next_hops(lab, [node])
    expect_equal(peer_status(node)["distance"], "ttl-security 1", "the distance in `bgpvip peers`")


def multihop(lab):
    """A peer two hops away gets the VIP, and its traffic arrives through the router between."""
    node = lab.nodes[0]
    spine = Bird(lab.spine, "10.2.0.2")
    spine.start(TO_THE_NODES, bird_neighbors([node], local="10.2.0.2", multihop=2))
    lab.bird.start(bird_neighbors([node]))
    node.start(f"{node.router}:{TOR_AS},10.2.0.2:{TOR_AS}::2")
    spine.await_established(node.name)
    expect_equal(spine.route_of(PREFIX, node.name)["next_hop"], node.address, "NEXT_HOP at the spine")
    eventually("the spine's kernel sends the VIP's traffic to the ToR",
               lambda: lab.spine.next_hops(PREFIX) == ["10.2.0.1"])
    await_next_hops(lab, [node])
    expect_equal(spread(Requests(lab.spine, VIP, 10).results()), {node.name: 10}, "who answered the spine")


def md5(lab):
    """The right TCP MD5 password is Established, a wrong one is not, and `bgpvip peers` says why."""
    right, wrong = lab.nodes[:2]
    lab.bird.start(bird_neighbors([right, wrong], password=PASSWORD))
    right.start(f"{right.router}:{TOR_AS}:{PASSWORD}")
    wrong.start(f"{wrong.router}:{TOR_AS}:wrong")
    lab.bird.await_established(right.name)
    await_next_hops(lab, [right])
    expect(peer_status(right)["usesMD5"], "`bgpvip peers` does not show that MD5 is used")
    reason = await_reason(wrong, wrong.router, "password|MD5")
    expect(lab.bird.state(wrong.name) != "Established", "the session with the wrong password is Established")
    return f'"{reason}"'


def peers_reasons(lab):
    """Wrong AS, wrong password, unreachable, refusing: four reasons in one `bgpvip peers`."""
    node = lab.nodes[0]
    spine = Bird(lab.spine, "10.2.0.2")
    lab.bird.start(bird_neighbors([node]))
    spine.start(TO_THE_NODES, bird_neighbors([node], local="10.2.0.2", multihop=2, password=PASSWORD))
    nobody = node.address[:-1] + "99"
    expected = {
        node.router: f"(?i)\\bAS\\b.*{TOR_AS}",
        "10.2.0.2": "(?i)password|MD5",
        nobody: "(?i)unreachable|no route|timed out|no answer",
        "10.1.0.2": "(?i)refuse",
    }
    node.start(f"{node.router}:64999,10.2.0.2:{TOR_AS}:wrong:2,{nobody}:{TOR_AS},10.1.0.2:{TOR_AS}::2")
    reasons = [await_reason(node, address, pattern) for address, pattern in expected.items()]
    expect_equal(len(set(reasons)), len(expected), "the number of different reasons")
    shown = node.speaker.ask("peers")
    for address in expected:
        expect(address in shown, f"the table of `bgpvip peers` does not show {address}")
    await_bound(node, True)


PODS = "10.244.1.0/24"
# What a CNI's BIRD does: it dials the ToR from the node's address and announces the node's pods.
CNI = """\
protocol static pods {{ ipv4; route {pods} blackhole; }}
protocol bgp cni {{
  local as {node_as};
  neighbor {router} as {tor_as};
  direct;
  connect delay time 1;
  ipv4 {{ import none; export where proto = "pods"; }};
}}
"""


FRR_CNI = """\
router bgp {node_as}
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor {router} remote-as {tor_as}
 neighbor {router} timers connect 1
 address-family ipv4 unicast
  network {pods}
 exit-address-family
exit
"""


class FrrOfNode(FrrRouter):
    """FRR as a node's BGP speaker."""

    def __init__(self, node, product):
        super().__init__(node.host, product)
        self.node = node

    def configuration(self, neighbors):
        return FRR_CNI.format(pods=PODS, node_as=NODE_AS, router=self.node.router, tor_as=TOR_AS)


def reset_lost(lab):
    """The router resets the connection after our OPEN, and the reset is lost: bgpvip dials again within seconds."""
    node = lab.nodes[0]
    lab.tor.run("nft", "-f", "-", text_input=LOSE_RESETS)
    router = lab.tor.stream("python3", "-c", RESET_ONE, node.router)
    node.start()
    expect_equal(router.wait(30), 0, "the exit status of the router that resets")
    since = time.monotonic()
    lab.tor.run("nft", "delete", "table", "inet", "lab")
    lab.bird.start(bird_neighbors([node]))
    lab.bird.await_established(node.name, seconds=15)
    return f"Established {time.monotonic() - since:.1f} s after the reset"


def other_speaker(lab):
    """BIRD on the node has the session with the ToR: it keeps it, and bgpvip says so and waits."""
    node = lab.nodes[0]
    # It takes the pods of a CNI as well, so it is not what tor-config prints.
    lab.bird.start(neighbor(node.name, node.address))
    cni = Bird(node.host, node.address)
    cni.start(CNI.format(pods=PODS, node_as=NODE_AS, router=node.router, tor_as=TOR_AS))
    keeps_its_session(lab, node, cni, lambda: cni.state("cni") == "Established")


def other_speaker_frr(lab):
    """FRR on the node has the session with the ToR: it keeps it, and bgpvip says so and waits."""
    node = lab.nodes[0]
    # It takes the pods of a CNI as well, so it is not what tor-config prints.
    lab.bird.start(neighbor(node.name, node.address))
    cni = FrrOfNode(node, lab.product)
    cni.start()
    keeps_its_session(lab, node, cni, lambda: cni.established(node.router))


def keeps_its_session(lab, node, cni, is_established):
    """Starts bgpvip beside a speaker that dials the ToR; once that has ended, bgpvip has the session."""
    lab.bird.await_established(node.name)
    eventually("the ToR's kernel has the pods", lambda: lab.tor.next_hops(PODS) == [node.address])
    node.start()
    reason = await_reason(node, node.router, "from the same address")
    expect("sourceAddress" in reason, f"no way out is named: {reason}")
    for _ in range(60):
        expect_equal(lab.tor.next_hops(PODS), [node.address], "the ToR's next hops of the pods")
        expect(is_established(), "the other speaker has lost its session")
        time.sleep(0.1)
    cni.kill()
    await_next_hops(lab, [node], seconds=20)
