"""Clients on a node that has the VIP itself, as kubelet and the controllers are; and a node that joins."""

import time

from lab.kubernetes.cluster import DIRECT
from lab.kubernetes.load import Load
from lab.node import VIP
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import await_bound

# A node's own clients are few.
SCALE = 0.2
BEFORE, AFTER = 2, 6
# Seconds from the first to the last failed request when the node's own VIP goes; without an event on a quiet watch.
LOST_LIMIT, QUIET_LIMIT = 3.0, 6.0
# Two clients keep a connection, and repeat a request in the instant in which the server that dies still accepts.
KILL_LIMITS = {"new": 1, "kept": 2, "write": 1}


def load_on(cluster, node):
    """A client on the node, whose events are made elsewhere."""
    return Load(node.host, f"{cluster.members[2].address}:{cluster.port}", SCALE)


def local_drain(cluster):
    """Drain: the node's own clients lose no more than three seconds and go on through the fabric."""
    node = cluster.arrange(DIRECT)[0]
    with load_on(cluster, node) as load:
        time.sleep(BEFORE)
        node.speaker.ask("drain", "--wait", "--reason", "new kernel")
        time.sleep(AFTER)
    expect(not node.has_vip(), "the VIP is still on lo")
    spans = {kind: load.figures.span(kind) for kind in ("new", "kept", "write")}
    expect(max(spans.values()) <= LOST_LIMIT, f"{load.figures}; {load.figures.errors()}")
    return quiet(load.figures)


def local_bind(cluster):
    """Undrain: clients that reached the VIP through the fabric lose no request when it comes to their own node."""
    node = cluster.arrange(DIRECT)[0]
    node.speaker.ask("drain", "--wait", "--reason", "new kernel")
    with load_on(cluster, node) as load:
        time.sleep(BEFORE)
        node.speaker.ask("undrain")
        await_bound(node, True)
        time.sleep(AFTER)
    expect(not load.figures.failures, f"{load.figures}; {load.figures.errors()}")
    return quiet(load.figures)


def local_kill(cluster):
    """The node's API server crashes: none of its own clients loses more than one request."""
    node = cluster.arrange(DIRECT)[0]
    with load_on(cluster, node) as load:
        time.sleep(BEFORE)
        cluster.servers[node.name].signal("KILL")
        time.sleep(AFTER)
    expect(all(load.figures.failed(kind) <= most for kind, most in KILL_LIMITS.items()),
           f"{load.figures}; {load.figures.errors()}")
    return quiet(load.figures)


def quiet(figures):
    """The figures, if no quiet watch was silent for too long."""
    expect(figures.silences["quiet"][-1] <= QUIET_LIMIT, f"{figures}; quiet watches: {figures.silences['quiet']}")
    return str(figures)


def join(cluster):
    """A node that joins does not answer its own VIP before its API server is well, and reaches the others meanwhile."""
    cluster.arrange(DIRECT, speakers=cluster.members[1:])
    node = cluster.members[0]
    cluster.servers[node.name].stop("KILL")
    cluster.speak(node)
    eventually("bgpvip has a session", lambda: any(
        peer["state"] == "Established" for peer in node.speaker.status("peers")))
    expect(not node.has_vip(), "the VIP is on lo before the API server runs")
    answered = node.host.run("curl", "-sk", "--max-time", "2", f"https://{VIP}:6443/readyz")
    expect_equal(answered, "ok", "what the joining node gets from the VIP")
    cluster.speaking = cluster.members
    cluster.servers[node.name].start()
    bound = node.has_vip()
    while not cluster.well(node):
        expect(not bound, "the VIP is on lo before the API server is well")
        bound = node.has_vip()
    cluster.await_all()
    await_bound(node, True)
    return "reached the VIP through the fabric, bound it after its API server was well"
