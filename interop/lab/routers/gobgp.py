"""GoBGP."""

import json

from lab.routers.router import CONFIGURATION, NO_BFD, NOT_LOOKED_AT, ROUTER_ID, Path, Router
from lab.node import TOR_AS
from lab.waiting import eventually

HEADER = f"""\
[global.config]
as = {TOR_AS}
router-id = "{ROUTER_ID}"
port = 179
"""

ORIGIN, AS_PATH, NEXT_HOP, LOCAL_PREF, COMMUNITIES, MP_REACH_NLRI = 1, 2, 3, 5, 8, 14
ORIGINS = {0: "IGP", 1: "EGP", 2: "INCOMPLETE"}


class GobgpRouter(Router):
    """GoBGP, without zebra: it has a RIB and no FIB."""

    name, package, title = "gobgp", "gobgpd", "GoBGP"
    impossible = {
        "two_octet_as": "GoBGP always offers 4-octet AS numbers",
        "refresh": "`softresetin` looks at what GoBGP has kept and sends no ROUTE-REFRESH",
        **NOT_LOOKED_AT, **NO_BFD,
    }

    loses_shutdown_text = ": a mistake of GoBGP's `disable --reason`"

    def configuration(self, neighbors):
        parts = [HEADER]
        for neighbor in neighbors:
            parts.append(f'[[neighbors]]\n[neighbors.config]\nneighbor-address = "{neighbor.address}"\n'
                         f"peer-as = {neighbor.peer_as}\n")
            if neighbor.password:
                parts.append(f'auth-password = "{neighbor.password}"\n')
            parts.append(f'[neighbors.transport.config]\npassive-mode = true\nlocal-address = "{neighbor.local}"\n')
            if neighbor.multihop:
                parts.append(
                    f"[neighbors.ebgp-multihop.config]\nenabled = true\nmultihop-ttl = {neighbor.multihop}\n")
            if neighbor.ttl_security:
                parts.append("[neighbors.ttl-security.config]\nenabled = true\nttl-min = 255\n")
            if neighbor.long_lived:
                parts.append("[neighbors.graceful-restart.config]\nenabled = true\nrestart-time = 10\n"
                             "long-lived-enabled = true\n")
            for family in ("ipv4", "ipv6"):
                parts.append(f'[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\n'
                             f'afi-safi-name = "{family}-unicast"\n')
                if neighbor.limit:
                    parts.append(f"[neighbors.afi-safis.prefix-limit.config]\nmax-prefixes = {neighbor.limit}\n")
                if neighbor.long_lived:
                    parts.append("[neighbors.afi-safis.mp-graceful-restart.config]\nenabled = true\n"
                                 "[neighbors.afi-safis.long-lived-graceful-restart.config]\nenabled = true\n"
                                 "restart-time = 600\n")
        return "".join(parts)

    def launch(self):
        self.host.spawn("gobgpd.log", "gobgpd", "-f", CONFIGURATION, "-t", "toml", "--pprof-disable", "-l", "debug")
        eventually("GoBGP answers", lambda: "AS:" in self.host.run("gobgp", "global", check=False))

    def kill(self):
        self.host.run("pkill", "-9", "-x", "gobgpd")

    def ask(self, *question):
        """What gobgp answers in JSON."""
        try:
            return json.loads(self.host.run("gobgp", "-j", *question, check=False))
        except json.JSONDecodeError:
            return {}

    def established(self, address):
        return self.ask("neighbor", address).get("state", {}).get("session_state") == 6

    def paths(self, prefix):
        family = "ipv6" if ":" in prefix else "ipv4"
        return [path_of(path) for path in self.ask("global", "rib", prefix, "-a", family).get(prefix, [])]

    def farewell(self, address):
        # Only the log has it.
        logged = self.host.shell("grep '\"received notification\"' /log/gobgpd.log", check=False).splitlines()
        shown = [entry for entry in map(json.loads, logged) if entry["Key"] == address]
        return shown and "{msg}, Code {Code}, Subcode {Subcode}, {Communicated-Reason}".format_map(shown[-1])

    def shut_down(self, address, text):
        self.host.run("gobgp", "neighbor", address, "disable", "--reason", text)

    def ask_refresh(self, address):
        self.host.run("gobgp", "neighbor", address, "softresetin", "-a", "ipv4")


def path_of(shown):
    """A path out of GoBGP's JSON, where attributes have their numbers."""
    attributes = {attribute["type"]: attribute for attribute in shown["attrs"]}
    as_path = [number for segment in attributes[AS_PATH].get("as_paths", []) for number in segment["asns"]]
    next_hop = attributes.get(NEXT_HOP) or attributes[MP_REACH_NLRI]
    return Path(
        neighbor=shown["neighbor-ip"], next_hop=next_hop["nexthop"], origin=ORIGINS[attributes[ORIGIN]["value"]],
        as_path=" ".join(map(str, as_path)), local_pref=attributes.get(LOCAL_PREF, {}).get("value"),
        communities=tuple(f"{value >> 16}:{value & 0xffff}"
                          for value in attributes.get(COMMUNITIES, {}).get("communities", [])))
