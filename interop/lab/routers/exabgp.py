"""ExaBGP."""

import json

from lab.routers.router import CONFIGURATION, NO_BFD, NOT_LOOKED_AT, ROUTER_ID, Path, Router
from lab.node import TOR_AS
from lab.waiting import eventually

HEADER = """\
process lab {
  run /usr/bin/python3 /lab/exabgp_api.py;
  encoder json;
}
"""
ENVIRONMENT = (
    "exabgp.daemon.user=root", "exabgp.daemon.drop=false", "exabgp.api.cli=false", "exabgp.log.destination=stdout",
    "exabgp.log.all=true",
)


class ExabgpRouter(Router):
    """ExaBGP, which has no RIB of its own: the lab replays the updates that it prints."""

    name, package, title = "exabgp", "exabgp", "ExaBGP"
    impossible = {
        "llgr": "ExaBGP keeps no paths",
        "doctor_reasons": "ExaBGP neither keeps a neighbor shut down nor limits prefixes",
        **NOT_LOOKED_AT, **NO_BFD,
    }
    loses_farewell = ": a mistake of ExaBGP with every shutdown communication; the session ends all the same"
    reads_four_octet_as = False
    two_octet_setup = "configured for AS 23456"
    # It leaves IP_MINTTL out, which Python's socket module does not know.
    checks_ttl = False

    def configuration(self, neighbors):
        parts = [HEADER]
        for neighbor in neighbors:
            options = [
                f"router-id {ROUTER_ID}",
                f"local-address {neighbor.local}",
                f"local-as {TOR_AS}",
                f"peer-as {neighbor.peer_as}",
                "passive true",
                "listen 179",
                f'md5-password "{neighbor.password}"' if neighbor.password else "",
                "incoming-ttl 255" if neighbor.ttl_security else "",
                "outgoing-ttl 255" if neighbor.ttl_security else "",
                f"outgoing-ttl {neighbor.multihop}" if neighbor.multihop else "",
            ]
            capabilities = "route-refresh enable;"
            if not neighbor.four_octet_as:
                capabilities += " asn4 disable;"
            if neighbor.extended_next_hop:
                capabilities += " nexthop enable;"
            parts += [f"neighbor {neighbor.address} {{\n", *[f"  {option};\n" for option in options if option]]
            parts += [f"  capability {{ {capabilities} }}\n", "  family { ipv4 unicast; ipv6 unicast; }\n"]
            if neighbor.extended_next_hop:
                parts.append("  nexthop { ipv4 unicast ipv6; }\n")
            parts.append("  api { processes [ lab ]; neighbor-changes; "
                         "receive { parsed; update; } }\n}\n")
        return "".join(parts)

    def launch(self):
        self.host.shell("rm -f /log/exabgp.json /run/lab/exabgp.commands")
        self.host.spawn("exabgp.log", "env", *ENVIRONMENT, "exabgp", CONFIGURATION)
        eventually("ExaBGP listens", lambda: ":179" in self.host.run("ss", "-Htln", "sport = :179", check=False))

    def kill(self):
        self.host.run("pkill", "-9", "-f", "[b]in/exabgp|[e]xabgp_api")

    def events(self, address=None):
        """What ExaBGP said of a neighbor, or of all, since its start, oldest first."""
        shown = [json.loads(line) for line in self.host.shell("cat /log/exabgp.json", check=False).splitlines()]
        return [event for event in shown if address in (None, event["neighbor"]["address"]["peer"])]

    def established(self, address):
        states = [event["neighbor"]["state"] for event in self.events(address) if event["type"] == "state"]
        return states[-1:] == ["up"]

    def paths(self, prefix):
        found = {}
        for event in self.events():
            neighbor = event["neighbor"]
            peer, update = neighbor["address"]["peer"], neighbor.get("message", {}).get("update", {})
            if event["type"] == "state" and neighbor["state"] != "up":
                found.pop(peer, None)
            for withdrawn in update.get("withdraw", {}).values():
                if prefix in nlri(withdrawn):
                    found.pop(peer, None)
            for announced in update.get("announce", {}).values():
                for next_hop, prefixes in announced.items():
                    if prefix in nlri(prefixes):
                        found[peer] = path_of(peer, next_hop, update["attribute"])
        return list(found.values())

    def farewell(self, address):
        states = [event["neighbor"] for event in self.events(address) if event["type"] == "state"]
        return states[-1].get("reason", "") if states else ""

    def ask_refresh(self, address):
        self.host.shell(f"echo 'neighbor {address} announce route-refresh ipv4 unicast' > /run/lab/exabgp.commands")


def nlri(entries):
    """The prefixes of a list in an event."""
    return [entry["nlri"] if isinstance(entry, dict) else entry for entry in entries]


def path_of(peer, next_hop, attributes):
    """A path out of ExaBGP's JSON."""
    return Path(
        neighbor=peer, next_hop=next_hop, origin=attributes["origin"].upper(),
        as_path=" ".join(map(str, attributes.get("as-path", ()))), local_pref=attributes.get("local-preference"),
        communities=tuple(f"{high}:{low}" for high, low in attributes.get("community", ())))
