"""The rack, and room for the cells.

                  spine (10.2.0.2)
                    |
    client ------- tor ---- n1 (10.0.1.2)
    (10.1.0.2)      | \\---- n2 (10.0.2.2)
                    \\------ n3 (10.0.3.2)

On each link the ToR is .1 (and ::1).
"""

from concurrent.futures import ThreadPoolExecutor

from lab.bird import Bird
from lab.cell import Cell
from lab.engine import LABEL
from lab.host import PREFIX, Host
from lab.kubernetes.cluster import Cluster
from lab.links import Link, Subnet, connect, on_each
from lab.node import Node
from lab.routers.frr import FrrRouter

NODES = ("n1", "n2", "n3")
# The nodes' interface is the one that the kubeadm document names.
LINKS = (
    Link("tor", "n1", "n1", "ens192", Subnet("10.0.1.", "fd00:0:1::")),
    Link("tor", "n2", "n2", "ens192", Subnet("10.0.2.", "fd00:0:2::")),
    Link("tor", "n3", "n3", "ens192", Subnet("10.0.3.", "fd00:0:3::")),
    Link("tor", "client", "client", "tor", Subnet("10.1.0.", "fd00:1:0::")),
    Link("tor", "spine", "spine", "tor", Subnet("10.2.0.", "fd00:2:0::")),
)


class Lab:
    """The rack with BIRD on its ToR, and the cells with one router program each that scenarios have asked for."""

    def __init__(self, engine, product):
        self.engine = engine
        self.product = product
        self.hosts = {name: Host(engine, name) for name in ("tor", *[link.far for link in LINKS])}
        self.tor, self.spine, self.client = (self.hosts[name] for name in ("tor", "spine", "client"))
        self.bird = Bird(self.tor, "10.0.0.1")
        self.nodes = [Node(engine, self.hosts[link.far], product, link) for link in LINKS if link.far in NODES]

    def up(self):
        """Makes the network, and the rack's containers with their links."""
        self.engine.command("network", "create", "--label", LABEL, PREFIX)
        # FRR runs beside bgpvip on the first node.
        first = self.nodes[0].host
        on_each(self.hosts, lambda host: host.create(PREFIX, FrrRouter.capabilities if host is first else ()))
        defaults = {
            link.far: "ip -4 route add default via {}\nip -6 route add default via {}\n".format(*link.subnet.end(1))
            for link in LINKS}
        connect(self.engine, self.hosts, LINKS, defaults)

    def cell(self, program):
        """Makes the cell of a router program."""
        cell = Cell(self.engine, self.product, program)
        cell.up()
        return cell

    def cluster(self):
        """Makes the cluster of real Kubernetes parts; raises `Missing` where there are none."""
        cluster = Cluster(self.engine, self.product)
        cluster.up()
        return cluster

    def reset(self):
        """Takes away what the last scenario left in the rack; containers and links stay."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda node: node.speaker.remove(), self.nodes))
        on_each(self.hosts, lambda host: host.reset())
