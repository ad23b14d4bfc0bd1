"""A cell: one router program in a container of its own, and two nodes.

    router ---- n1 (10.0.1.2)
         \\       |
          \\----- n2 (10.0.2.2)

The router is .1 on its links. It has one more address, which n1 reaches through n2, so that it is two hops away. All
cells use the same addresses: they do not meet.
"""

from concurrent.futures import ThreadPoolExecutor

from lab.host import PREFIX, Host
from lab.links import Link, Subnet, connect, on_each
from lab.node import Node
from lab.tor_config import Neighbor

# The router's address that is two hops away, and n1's towards it.
FAR_ROUTER, FAR_NODE = "10.0.99.1", "10.0.9.1"


class Cell:
    """One router program and its nodes."""

    def __init__(self, engine, product, program):
        self.engine = engine
        self.name = program.name
        names = router, first, second = program.name, f"{program.name}-n1", f"{program.name}-n2"
        self.hosts = {name: Host(engine, name) for name in names}
        self.links = (
            Link(router, "n1", first, "router", Subnet("10.0.1.", "fd00:0:1::")),
            Link(router, "n2", second, "router", Subnet("10.0.2.", "fd00:0:2::")),
            Link(first, "n2", second, "n1", Subnet("10.0.9.", "fd00:0:9::")),
        )
        self.router = program(self.hosts[router], product)
        self.nodes = [Node(engine, self.hosts[link.far], product, link) for link in self.links[:2]]

    def up(self):
        """Makes the containers and their links."""
        router = self.router.host
        on_each(self.hosts, lambda host: host.create(
            PREFIX, self.router.capabilities if host is router else ()))
        connect(self.engine, self.hosts, self.links, {
            router.name: f"ip addr add {FAR_ROUTER}/24 dev lo\nip route add 10.0.9.0/24 via 10.0.2.2\n",
            self.nodes[0].name: f"ip route add {FAR_ROUTER} via 10.0.9.2\n" + default(self.nodes[0]),
            self.nodes[1].name: default(self.nodes[1]),
        })

    def reset(self):
        """Takes away what the last scenario left; containers and links stay."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda node: node.speaker.remove(), self.nodes))
        on_each(self.hosts, lambda host: host.reset())

    def neighbor(self, node, **options):
        """A node as the router is told of it: over IPv4, external, unless said otherwise."""
        return Neighbor(**{"address": node.address, "local": node.router, **options})


def default(node):
    """A node's default routes, as shell lines."""
    return f"ip -4 route add default via {node.router}\nip -6 route add default via {node.router6}\n"
