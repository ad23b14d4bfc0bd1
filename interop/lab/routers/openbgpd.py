"""OpenBGPD."""

import json

from lab.routers.router import CONFIGURATION, NO_BFD, NOT_LOOKED_AT, ROUTER_ID, Path, Router
from lab.node import TOR_AS
from lab.waiting import eventually

HEADER = f"""\
AS {TOR_AS}
router-id {ROUTER_ID}
fib-update no
log updates
"""
# The last rule is the one of the example configuration that comes with it, for RFC 8326.
RULES = """\
allow from any
match from any community GRACEFUL_SHUTDOWN set { localpref 0 }
"""
NAMES = {"GRACEFUL_SHUTDOWN": "65535:0"}


class OpenbgpdRouter(Router):
    """OpenBGPD without a FIB, as its portable version on Linux has none."""

    name, package, title = "openbgpd", "openbgpd", "OpenBGPD"
    honours_graceful_shutdown = "by one rule"
    impossible = {"llgr": "OpenBGPD does not know RFC 9494", **NOT_LOOKED_AT, **NO_BFD}

    def configuration(self, neighbors):
        lines = [HEADER]
        for neighbor in neighbors:
            options = [
                f"remote-as {neighbor.peer_as}",
                f"local-address {neighbor.local}",
                "passive",
                f"max-prefix {neighbor.limit}" if neighbor.limit else "",
                "announce IPv4 unicast",
                "announce IPv6 unicast",
                f'tcp md5sig password "{neighbor.password}"' if neighbor.password else "",
                f"multihop {neighbor.multihop}" if neighbor.multihop else "",
                "ttl-security yes" if neighbor.ttl_security else "",
                "announce extended nexthop yes" if neighbor.extended_next_hop else "",
                "" if neighbor.four_octet_as else "announce as-4byte no",
            ]
            body = "".join(f"  {option}\n" for option in options if option)
            lines.append(f"neighbor {neighbor.address} {{\n{body}}}\n")
        return "".join(lines) + RULES

    def launch(self):
        self.host.shell(f"chmod 600 {CONFIGURATION}; mkdir -p /run/openbgpd")
        self.host.run("bgpd", "-n", "-f", CONFIGURATION)
        self.host.spawn("openbgpd.log", "bgpd", "-d", "-v", "-f", CONFIGURATION)
        eventually("OpenBGPD answers", lambda: self.ask("show").get("neighbors"))

    def kill(self):
        self.host.run("pkill", "-9", "-x", "bgpd")

    def ask(self, *question):
        """What bgpctl answers in JSON."""
        try:
            return json.loads(self.host.run("bgpctl", "-j", *question, check=False))
        except json.JSONDecodeError:
            return {}

    def neighbor(self, address):
        """What OpenBGPD knows of a neighbor."""
        return self.ask("show", "neighbor", address).get("neighbors", [{}])[0]

    def established(self, address):
        return self.neighbor(address).get("state") == "Established"

    def paths(self, prefix):
        return [
            Path(neighbor=path["neighbor"]["remote_addr"], next_hop=path["exit_nexthop"], origin=path["origin"],
                 as_path=path["aspath"], local_pref=path["localpref"],
                 communities=tuple(NAMES.get(name, name) for name in path.get("communities", ())))
            for path in self.ask("show", "rib", "detail", prefix).get("rib", [])]

    def farewell(self, address):
        shown = self.neighbor(address)
        return ", ".join(shown[key] for key in ("last_error_received", "last_shutdown_reason") if key in shown)

    def shut_down(self, address, text):
        self.host.run("bgpctl", "neighbor", address, "down", text)

    def ask_refresh(self, address):
        self.host.run("bgpctl", "neighbor", address, "refresh")
