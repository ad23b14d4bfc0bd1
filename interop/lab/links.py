"""Links between hosts: VXLAN tunnels over the one engine network, with an IPv4 and an IPv6 subnet each.

The engine's firewall, masquerading and choice of addresses see nothing but UDP and do not matter.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lab.waiting import expect

SCRIPT = """\
ip link add {device} type vxlan id {vni} local {here} remote {there} dstport 4789 dev eth0 nolearning
ip link set {device} mtu 1450 up
ip addr add {subnet.v4}{end}/24 dev {device}
ip addr add {subnet.v6}{end}/64 dev {device} nodad
"""
NO_DEFAULT = "ip -4 route flush default\nip -6 route flush default\n"


@dataclass(frozen=True)
class Subnet:
    """The two subnets of a link, as the beginnings of addresses."""

    v4: str
    v6: str

    def end(self, number):
        """The addresses of one end, IPv4 and IPv6."""
        return f"{self.v4}{number}", f"{self.v6}{number}"


@dataclass(frozen=True)
class Link:
    """A link: the near end has addresses that end in 1, the far end in 2."""

    near: str
    near_device: str
    far: str
    far_device: str
    subnet: Subnet


def connect(engine, hosts, links, routes):
    """Makes the links between hosts that run; `routes` are shell lines by host that follow."""
    underlay = engine_addresses(engine, hosts)
    scripts = {name: NO_DEFAULT for name in hosts}
    for vni, link in enumerate(links, start=100):
        ends = ((link.near, link.near_device, link.far, 1), (link.far, link.far_device, link.near, 2))
        for here, device, there, end in ends:
            scripts[here] += SCRIPT.format(
                device=device, vni=vni, here=underlay[here], there=underlay[there], subnet=link.subnet, end=end)
    on_each(hosts, lambda host: host.shell("set -e\n" + scripts[host.name] + routes.get(host.name, "")))


def engine_addresses(engine, hosts):
    """The engine's address of each container."""
    template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    shown = engine.command("inspect", "--format", template, *[host.container for host in hosts.values()]).stdout.split()
    expect(len(shown) == len(hosts), f"not every container has an address: {shown}")
    return dict(zip(hosts, shown))


def on_each(hosts, work):
    """Does `work` for all hosts at once."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(work, hosts.values()))
