"""Slow API servers keep their routes, and frozen ones do not: what the check's timeout is a balance of."""

import time

from lab.fib import RouteWatch
from lab.kubernetes.cluster import DIRECT
from lab.kubernetes.load import Load
from lab.waiting import eventually, expect
from scenarios.rack import PREFIX

# Percent of the time that each API server runs, and for how many seconds.
SHARE, SECONDS = 5, 20
# Half the load, and clients that are as patient as client-go: otherwise the servers are too slow for them, check or not.
SCALE, CLIENT_LIMIT = 0.4, 5.0
# Seconds until the node of a frozen API server, or etcd member, must be out of the routes.
FROZEN_LIMIT = 10


def overload(cluster):
    """All API servers are short of processor time: no route changes, because a slow answer is still an answer."""
    cluster.arrange(DIRECT)
    with RouteWatch(cluster.tor, PREFIX) as watch:
        before = len(watch.changes)
        with Load(cluster.client, f"{cluster.members[2].address}:{cluster.port}", SCALE, CLIENT_LIMIT) as load:
            for node in cluster.members:
                node.host.spawn("throttle.log", "python3", "/lab/throttle.py", cluster.servers[node.name].file,
                                str(SHARE), str(SECONDS))
            time.sleep(SECONDS + 2)
        changes = watch.changes[before:]
    expect(not changes, f"the routes changed {len(changes)} times; {load.figures}; {load.figures.errors()}")
    return str(load.figures)


def frozen(cluster):
    """The API server is frozen, then its etcd member: its node is out of the routes within ten seconds, etcd is named."""
    node = cluster.arrange(DIRECT)[0]
    took = {}
    with RouteWatch(cluster.tor, PREFIX) as watch:
        for daemon in (cluster.servers[node.name], cluster.etcd[node.name]):
            stopped = daemon.signal("STOP")
            try:
                out = watch.wait(
                    f"is without {node.name}", lambda hops: node.address not in hops, stopped, FROZEN_LIMIT)
                if daemon.name == "etcd":
                    eventually("bgpvip names etcd", lambda: "[-]etcd failed" in node.speaker.ask("status"))
            finally:
                daemon.signal("CONT")
            took[daemon.name] = (out - stopped) / 1e9
            cluster.await_servers()
            cluster.await_all()
    return ", ".join(f"{name} out after {seconds:.1f} s" for name, seconds in took.items())
