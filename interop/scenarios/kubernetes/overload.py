"""API servers that are short of processor time: the check must not make it worse."""

import time

from lab.fib import RouteWatch
from lab.kubernetes.cluster import DIRECT
from lab.kubernetes.load import Load
from lab.waiting import expect
from scenarios.rack import PREFIX

# Percent of the time that each API server runs, and for how many seconds.
SHARE, SECONDS = 5, 20
# Half the load, and clients that are as patient as client-go: otherwise the servers are too slow for them, check or not.
SCALE, CLIENT_LIMIT = 0.4, 5.0


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
