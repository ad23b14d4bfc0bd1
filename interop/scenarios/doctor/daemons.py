"""What is wrong beside a daemon: with the daemon itself, or with another program of its node."""

import contextlib

from lab.doctor import codes, findings, findings_beside, provoked
from lab.bird import Bird, neighbor
from lab.speaker import Speaker
from lab.tor_config import bird_neighbors
from lab.waiting import eventually, expect_equal
from scenarios.rack import await_next_hops
from scenarios.sessions import CNI, PODS
from lab.node import NODE_AS, TOR_AS


@contextlib.contextmanager
def second_instance(lab, node):
    """Another bgpvip in the network of the node, with another VIP and files of its own."""
    second = Speaker(lab.engine, lab.product, node.host)
    second.container += "-2"
    second.start(node.environment(BGPVIP_VIP="10.255.0.9", BGPVIP_CHECK="none"), ["run"])
    try:
        eventually("the second instance runs", lambda: second.status("peers"))
        yield
    finally:
        second.remove()


def doctor_daemons(lab):
    """Doctor: what is wrong with the daemon, and other speakers beside it."""
    node = lab.nodes[0]
    lab.bird.start(neighbor(node.name, node.address))
    cni = Bird(node.host, node.address)
    cni.start(CNI.format(pods=PODS, node_as=NODE_AS, router=node.router, tor_as=TOR_AS))
    lab.bird.await_established(node.name)
    provoked(findings(node), "peer-held-by-other", "the BIRD of a CNI on the node has the session with the router")
    cni.kill()
    lab.bird.kill()
    lab.bird.start(bird_neighbors([node]))
    node.service.start()
    node.speaker.start(node.environment(), ["run"], capabilities=())
    eventually("the daemon answers", lambda: node.speaker.status("peers"))
    eventually("the VIP cannot be bound", lambda: "vip-unbound" in codes(findings_beside(node.speaker)))
    provoked(findings_beside(node.speaker), "vip-unbound", "the daemon runs without CAP_NET_ADMIN")
    node.speaker.start(node.environment(), ["run"])
    await_next_hops(lab, [node])
    expect_equal(codes(findings_beside(node.speaker)), [], "the findings on a healthy node")
    with second_instance(lab, node):
        provoked(findings_beside(node.speaker), "two-instances",
                 "a second bgpvip in the network of the node, with another VIP")
    node.speaker.signal("STOP")
    provoked(findings_beside(node.speaker), "daemon-silent", "the daemon is frozen (SIGSTOP)")
    node.speaker.signal("CONT")
    await_next_hops(lab, [node])
    node.speaker.ask("drain", "--wait")
    found = findings_beside(node.speaker)
    provoked(found, "node-drained", "`bgpvip drain`")
    expect_equal(codes(found), ["node-drained"], "the findings on a drained node")
    return "5 findings, and none on a healthy node"
