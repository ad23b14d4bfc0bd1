"""Packets to ports that no Service has: they must not go to and fro between node and router."""

import json
import tempfile
from pathlib import Path

from lab.waiting import eventually, expect, expect_equal
from scenarios.load_balancer import POD_PORT, Shop, pod_address

PORT, UNUSED = 80, 81
# Of a packet whose TTL is 64, each of the two routers forwards nearly half.
MANY = 20
# Seconds after its start in which bgpvip removes rules that an earlier run has left, and some more.
LEFTOVERS = 20
COUNTER = """\
table inet lab {{
  counter unused {{ }}
  chain forward {{ type filter hook forward priority 0; udp dport {port} counter name unused; }}
}}
"""
# What kube-proxy does for packets from outside and for those of the node.
KUBE_PROXY = """\
table ip lab {{
  chain prerouting {{ type nat hook prerouting priority dstnat; ip daddr {address} tcp dport {port} dnat to {pod}; }}
  chain output {{ type nat hook output priority dstnat; ip daddr {address} tcp dport {port} dnat to {pod}; }}
}}
"""


def load_balancer_unused_ports(lab):
    """A packet to a port that no Service has crosses the uplink once and is answered; the rules for that end with bgpvip."""
    with tempfile.TemporaryDirectory(prefix="bgpvip-lab-") as directory:
        Path(directory).chmod(0o755)
        shop = Shop(lab, directory, ("IPv4", "IPv6"))
        shop.start(BGPVIP_SERVICES_PREVENT_LOOPS="false")
        addresses = shop.addresses()
        expect_equal([":" in address for address in addresses], [False, True], f"the families of {addresses}")
        lab.tor.run("nft", "-f", "-", text_input=COUNTER.format(port=UNUSED))
        for node in shop.pods.values():
            node.host.run("nft", "-f", "-", text_input=KUBE_PROXY.format(
                address=addresses[0], port=PORT, pod=f"{pod_address(node)}:{POD_PORT}"))
        await_routes(shop, addresses)
        expect_equal([rules(node) for node in lab.nodes], [[]] * 3, "the rules with preventLoops: false")
        looping = [passes(shop, address)[0] for address in addresses]
        expect(min(looping) >= MANY, f"without rules nothing loops in this lab: {looping}")

        for node in lab.nodes:
            node.speaker.signal("TERM")
        for node in lab.nodes:
            expect_equal(node.speaker.exit_status(), 0, f"the exit status on {node.name}")
            shop.start_speaker(node)
        await_routes(shop, addresses)
        for node in lab.nodes:
            eventually(f"{node.name} has a rule of each family", lambda node=node: len(rules(node)) == 2)
        for address in addresses:
            expect_equal(passes(shop, address), (1, "ENETUNREACH"), f"how a datagram to {address} fares")
        serves(shop, addresses[0])
        ends(lab)
    return f"a datagram passed the ToR {looping[0]} times (IPv6: {looping[1]}) without rules, once with them"


def await_routes(shop, addresses):
    """Waits until the ToR sends both families to the nodes with pods."""
    nodes = shop.pods.values()
    for address in addresses:
        wanted = sorted(node.address6 if ":" in address else node.address for node in nodes)
        eventually(f"the ToR's next hops of {address} are {wanted}", lambda address=address, wanted=wanted: (
            shop.lab.tor.next_hops(f"{address}/{128 if ':' in address else 32}") == wanted))


def rules(node):
    """The routing rules of bgpvip on a node, of both families."""
    found = []
    for family in ("-4", "-6"):
        shown = json.loads(node.host.run("ip", "-j", family, "rule", "show"))
        found += [rule for rule in shown if rule["priority"] == 32000]
    return found


def passes(shop, address):
    """How often the ToR forwards a datagram of the client to an unused port, and what the client gets."""
    shop.lab.tor.run("nft", "reset", "counter", "inet", "lab", "unused")
    said = shop.lab.client.run("python3", "/lab/datagram.py", address, str(UNUSED)).strip()
    shown = json.loads(shop.lab.tor.run("nft", "-j", "list", "counter", "inet", "lab", "unused"))
    return next(item["counter"]["packets"] for item in shown["nftables"] if "counter" in item), said


def serves(shop, address):
    """The port that the Service has is reached through the uplink, and from the node itself."""
    for host in (shop.lab.client, shop.lab.nodes[0].host):
        answer = host.run("curl", "--silent", "--show-error", "--max-time", "5", f"http://{address}:{PORT}/").strip()
        expect(answer in shop.pods, f"{host.name} got {answer!r} from {address}")


def ends(lab):
    """The rules end with bgpvip. What SIGKILL leaves is removed by the next run that needs none."""
    ordered, killed = lab.nodes[:2]
    ordered.speaker.signal("TERM")
    expect_equal(ordered.speaker.exit_status(), 0, f"the exit status on {ordered.name}")
    expect_equal(rules(ordered), [], f"the rules that are left on {ordered.name}")
    killed.speaker.signal("KILL")
    killed.speaker.exit_status()
    expect_equal(len(rules(killed)), 2, f"the rules after SIGKILL on {killed.name}")
    killed.start()
    eventually(f"the rules on {killed.name} are removed", lambda: not rules(killed), LEFTOVERS)
