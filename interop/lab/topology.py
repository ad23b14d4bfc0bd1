"""The lab's hosts and links.

                  spine (10.2.0.2)
                    |
    client ------- tor ---- n1 (10.0.1.2)
    (10.1.0.2)      | \\---- n2 (10.0.2.2)
                    \\------ n3 (10.0.3.2)

On each link the ToR is .1 (and ::1). Each link is a VXLAN tunnel between two containers over one ordinary engine
network: the engine's firewall, masquerading and choice of addresses see nothing but UDP and do not matter.
"""

from concurrent.futures import ThreadPoolExecutor

from lab.bird import Bird
from lab.engine import LABEL
from lab.host import PREFIX, Host
from lab.service import Service
from lab.speaker import Speaker
from lab.waiting import expect

VIP = "10.255.0.1"
VIP6 = "fd00:255::1"
TOR_AS, NODE_AS = 65000, 65001
NODES = ("n1", "n2", "n3")
# Far end: its interface towards the ToR (the nodes' is the one the kubeadm document names), and the link's subnets.
LINKS = {
    "n1": ("ens192", "10.0.1.", "fd00:0:1::"),
    "n2": ("ens192", "10.0.2.", "fd00:0:2::"),
    "n3": ("ens192", "10.0.3.", "fd00:0:3::"),
    "client": ("tor", "10.1.0.", "fd00:1:0::"),
    "spine": ("tor", "10.2.0.", "fd00:2:0::"),
}
LINK_SCRIPT = """\
ip link add {device} type vxlan id {vni} local {here} remote {there} dstport 4789 dev eth0 nolearning
ip link set {device} mtu 1450 up
ip addr add {v4}/24 dev {device}
ip addr add {v6}/64 dev {device} nodad
"""


class Node:
    """A server of the rack: its network, its service, its bgpvip."""

    def __init__(self, engine, host, product):
        self.host = host
        self.name = host.name
        self.address, self.address6 = far_addresses(host.name)
        self.router, self.router6 = tor_addresses(host.name)
        self.service = Service(host)
        self.speaker = Speaker(engine, product, host)

    def has_vip(self, address=VIP, device="lo"):
        """True while the VIP is on the device."""
        return f"{address}/{128 if ':' in address else 32}" in self.host.addresses(device)

    def environment(self, peers=None, **settings):
        """What bgpvip is started with: the ToR as peer, the node's own service as check, unless said otherwise."""
        return {
            "BGPVIP_LOCAL_AS": str(NODE_AS),
            "BGPVIP_ROUTER_ID": self.address,
            "BGPVIP_VIP": VIP,
            "BGPVIP_PEERS": peers or f"{self.router}:{TOR_AS}",
            "BGPVIP_CHECK": "https://127.0.0.1:6443/readyz",
            "BGPVIP_CHECK_INTERVAL": "200ms",
            "BGPVIP_CHECK_TIMEOUT": "500ms",
            **settings,
        }

    def start(self, peers=None, **settings):
        """Starts the service and bgpvip."""
        self.service.start()
        self.speaker.start(self.environment(peers, **settings), ["run"])


class Lab:
    """All hosts and links."""

    def __init__(self, engine, product):
        self.engine = engine
        self.hosts = {name: Host(engine, name) for name in ("tor", *LINKS)}
        self.tor, self.spine, self.client = (self.hosts[name] for name in ("tor", "spine", "client"))
        self.bird = Bird(self.tor, "10.0.0.1")
        self.nodes = [Node(engine, self.hosts[name], product) for name in NODES]

    def up(self):
        """Makes the containers and their links."""
        self.engine.command("network", "create", "--label", LABEL, PREFIX)
        self.each_host(lambda host: host.create(PREFIX))
        underlay = self.underlay()
        scripts = {name: "ip -4 route flush default\nip -6 route flush default\n" for name in self.hosts}
        for vni, (name, (device, _, _)) in enumerate(LINKS.items(), start=100):
            far4, far6 = far_addresses(name)
            near4, near6 = tor_addresses(name)
            here, there = underlay["tor"], underlay[name]
            scripts["tor"] += LINK_SCRIPT.format(device=name, vni=vni, here=here, there=there, v4=near4, v6=near6)
            scripts[name] += LINK_SCRIPT.format(device=device, vni=vni, here=there, there=here, v4=far4, v6=far6)
            scripts[name] += f"ip -4 route add default via {near4}\nip -6 route add default via {near6}\n"
        self.each_host(lambda host: host.shell("set -e\n" + scripts[host.name]))

    def underlay(self):
        """The engine's address of each container."""
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        names = list(self.hosts)
        shown = self.engine.command(
            "inspect", "--format", template, *[self.hosts[name].container for name in names]).stdout.split()
        expect(len(shown) == len(names), f"not every container has an address: {shown}")
        return dict(zip(names, shown))

    def reset(self):
        """Takes away what the last scenario left; containers and links stay."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda node: node.speaker.remove(), self.nodes))
        self.each_host(lambda host: host.reset())

    def each_host(self, work):
        """Does `work` for all hosts at once."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(work, self.hosts.values()))


def far_addresses(name):
    """The addresses of a host on its link to the ToR."""
    return tuple(subnet + "2" for subnet in LINKS[name][1:])


def tor_addresses(name):
    """The ToR's addresses on its link to a host."""
    return tuple(subnet + "1" for subnet in LINKS[name][1:])
