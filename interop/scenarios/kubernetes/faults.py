"""What happens to the first node, and how it is mended; all take the cluster, the topology and the node."""

import time

from lab.kubernetes.cluster import DEVICE, SHUTDOWN_DELAY
from scenarios.routers.bfd import cut as cut_link

# Seconds that a fault lasts before it is mended.
HELD = 5


def sigkill(cluster, node):
    """The API server crashes"""
    cluster.servers[node.name].signal("KILL")
    time.sleep(HELD)
    cluster.servers[node.name].start()


def sigterm(cluster, node):
    """The API server is asked to end, and serves for its shutdown delay"""
    server = cluster.servers[node.name]
    server.signal("TERM")
    time.sleep(SHUTDOWN_DELAY + HELD)
    # It would wait a minute for the watches that are open.
    server.stop("KILL")
    server.start()


def sigstop(cluster, node):
    """The API server is frozen"""
    cluster.servers[node.name].signal("STOP")
    time.sleep(2 * HELD)
    cluster.servers[node.name].signal("CONT")


def proxy_killed(cluster, node):
    """The proxy crashes"""
    cluster.proxies[node.name].signal("KILL")
    time.sleep(HELD)
    cluster.proxies[node.name].start()


def cut(cluster, node):
    """The node's link loses every packet, with BFD"""
    with cut_link(node, DEVICE):
        time.sleep(HELD)


def reboot(cluster, node):
    """Everything on the node is asked to end in order, the link goes down, and all starts again"""
    order = [owner[node.name] for owner in (cluster.proxies, cluster.servers, cluster.etcd) if node.name in owner]
    node.speaker.signal("TERM")
    if node.name in cluster.servers:
        cluster.servers[node.name].signal("TERM")
        time.sleep(SHUTDOWN_DELAY)
    node.speaker.exit_status()
    for daemon in order:
        daemon.stop("KILL" if daemon.name == "kube-apiserver" else "TERM")
    node.host.run("ip", "link", "set", DEVICE, "down")
    time.sleep(2)
    node.host.shell(f"ip link set {DEVICE} up; ip -4 route replace default via {node.router}")
    for daemon in reversed(order):
        daemon.start()
    node.speaker.restart()


def drain(cluster, node):
    """bgpvip is drained, and undrained"""
    node.speaker.ask("drain", "--wait", "--reason", "new kernel")
    time.sleep(HELD)
    node.speaker.ask("undrain")


def etcd_frozen(cluster, node):
    """The node's member of etcd is frozen"""
    cluster.etcd[node.name].signal("STOP")
    time.sleep(2 * HELD)
    cluster.etcd[node.name].signal("CONT")
