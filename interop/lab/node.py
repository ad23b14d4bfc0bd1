"""A server of a rack: its network, its service, its bgpvip."""

from lab.service import Service
from lab.speaker import Speaker

VIP = "10.255.0.1"
VIP6 = "fd00:255::1"
TOR_AS, NODE_AS = 65000, 65001


class Node:
    """One node; `link` leads to its router, at the near end."""

    def __init__(self, engine, host, product, link):
        self.host = host
        self.name = host.name
        self.router, self.router6 = link.subnet.end(1)
        self.address, self.address6 = link.subnet.end(2)
        self.service = Service(host)
        self.speaker = Speaker(engine, product, host)

    def has_vip(self, address=VIP, device="lo"):
        """True while the VIP is on the device."""
        return f"{address}/{128 if ':' in address else 32}" in self.host.addresses(device)

    def environment(self, peers=None, **settings):
        """What bgpvip is started with: the router as peer, the node's own service as check, unless said otherwise."""
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
