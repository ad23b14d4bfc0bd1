"""Every topology with every fault that it can have: requests through the VIP meanwhile, and how many may fail."""

import time

from lab.kubernetes.cluster import DIRECT, EXTERNAL
from lab.kubernetes.load import Load
from scenarios.kubernetes import faults
from scenarios.kubernetes.limits import LIMITS

# Seconds of load before a fault and after all is well again.
BEFORE, AFTER = 2, 2


def run(cluster, topology, fault):
    """One cell of the matrix; returns its figures."""
    limit, figures = LIMITS[topology, fault.__name__], once(cluster, topology, fault)
    # The events take no way that a fault touches: if they fail too, the machine was too slow for its API servers.
    if not limit.allow(figures) and figures.failed("event"):
        cluster.reset()
        figures = once(cluster, topology, fault)
    limit.hold(figures)
    return str(figures)


def once(cluster, topology, fault):
    """One run of a cell."""
    node = subject(cluster, topology, fault)
    with_bfd = fault is faults.cut
    cluster.arrange(topology, bfd=with_bfd, **({"BGPVIP_BFD": "100ms"} if with_bfd else {}))
    with Load(cluster.client, f"{cluster.members[2].address}:{cluster.port}") as load:
        time.sleep(BEFORE)
        fault(cluster, node)
        cluster.await_servers()
        cluster.await_all()
        time.sleep(AFTER)
    return load.figures


def subject(cluster, topology, fault):
    """The node that a fault happens to."""
    if topology == EXTERNAL and fault in (faults.proxy_killed, faults.cut, faults.reboot, faults.drain):
        return cluster.balancers[0]
    return cluster.members[0]


def has(topology, fault):
    """Whether a topology can have a fault."""
    return not (topology == DIRECT and fault is faults.proxy_killed)
