"""The routers' configuration, as `bgpvip tor-config` prints it: what a network team would be given."""

import re
from dataclasses import dataclass, replace

from lab.node import NODE_AS, TOR_AS, VIP, VIP6
from lab.waiting import expect


@dataclass(frozen=True)
class Neighbor:
    """A node, as the router is told of it. The router only listens, as a ToR does towards its servers."""

    address: str
    # The router's own address on the session.
    local: str
    peer_as: int = NODE_AS
    password: str | None = None
    multihop: int | None = None
    ttl_security: bool = False
    extended_next_hop: bool = False
    # Without it the router says that it knows 2-octet AS numbers only (RFC 6793).
    four_octet_as: bool = True
    # The router keeps the paths of a lost session as a last resort, if the node asks for it (RFC 9494).
    long_lived: bool = False
    vips: tuple[str, ...] = (VIP, VIP6)
    # Of which Services may have addresses.
    pools: tuple[str, ...] = ()
    # How many prefixes the router takes; None leaves it to tor-config, or sets no limit.
    limit: int | None = None
    # In seconds; None leaves it to tor-config.
    hold_time: int | None = None
    # BFD at 50 ms, three times; with "apart" its end is not the session's.
    bfd: bool | str = False

    @property
    def internal(self):
        """True for iBGP."""
        return self.peer_as == TOR_AS


def tor_config(engine, product, dialect, neighbors):
    """What is printed for neighbors of one kind, with the password in its place."""
    first = neighbors[0]
    kinds = {replace(neighbor, address="", local="") for neighbor in neighbors}
    expect(len(kinds) == 1, f"the neighbors differ in more than their addresses: {neighbors}")
    router = f"[{first.local}]" if "::" in first.local else first.local
    peer = [router, TOR_AS, first.password or "", first.multihop or ""]
    flags = ["--local-as", first.peer_as, "--peers", ":".join(map(str, peer)),
             "--node", ",".join(neighbor.address for neighbor in neighbors)]
    flags += ["--vip", ",".join(first.vips)] if first.vips else []
    flags += ["--services", "true", "--services-pools", ",".join(first.pools)] if first.pools else []
    flags += ["--ttl-security", "true"] if first.ttl_security else []
    flags += ["--bfd", "50ms"] if first.bfd is True else []
    flags += ["--llgr", "600s"] if first.long_lived else []
    flags += ["--hold-time", f"{first.hold_time}s"] if first.hold_time else []
    printed = engine.command(
        "run", "--rm", "--network", "none", product, "tor-config", dialect, *map(str, flags)).stdout
    if first.limit:
        printed = re.sub(r"(import limit|maximum-prefix) \d+", rf"\1 {first.limit}", printed)
    return printed.replace("<MD5-KEY>", first.password or "")


def bird_neighbors(nodes, over_ipv6=False, **options):
    """The part of BIRD's configuration with these nodes as neighbors, which are called as the nodes are."""
    ends = [(node.address6, node.router6) if over_ipv6 else (node.address, node.router) for node in nodes]
    neighbors = [Neighbor(**{"address": address, "local": router, **options}) for address, router in ends]
    text = tor_config(nodes[0].speaker.engine, nodes[0].speaker.image, "bird", neighbors)
    for node, neighbor in zip(nodes, neighbors):
        made = "bgpvip_" + re.sub("[.:]", "_", neighbor.address)
        expect(f"protocol bgp {made} " in text, f"tor-config prints no protocol {made}")
        text = text.replace(f"protocol bgp {made} ", f"protocol bgp {node.name.replace('-', '_')} ")
    return text
