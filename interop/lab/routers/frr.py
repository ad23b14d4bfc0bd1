"""FRR."""

import json

from lab.routers.router import CONFIGURATION, ROUTER_ID, Path, Router
from lab.node import TOR_AS
from lab.waiting import eventually

HEADER = f"""\
frr defaults traditional
log file /log/frr.log debugging
router bgp {TOR_AS}
 bgp router-id {ROUTER_ID}
 bgp bestpath as-path multipath-relax
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
"""
NAMES = {"gracefulShutdown": "65535:0", "llgrStale": "65535:6"}
DAEMONS = ("zebra", "bfdd", "bgpd")
BFD = """\
bfd
 profile fast
  transmit-interval 50
  receive-interval 50
  detect-multiplier 3
"""


class FrrRouter(Router):
    """FRR: bgpd and zebra, which installs the routes."""

    name, package, title = "frr", "frr", "FRR"
    honours_graceful_shutdown = "without configuration"
    # Without it every daemon ends with "privs_init: initial cap_set_proc failed".
    capabilities = ("SYS_ADMIN",)
    two_octet_setup = "configured for AS 4200000001 and without enforce-first-as"
    has_fib, flush = True, "ip nexthop flush"

    def configuration(self, neighbors):
        lines = [BFD if any(neighbor.bfd for neighbor in neighbors) else ""]
        lines += [f" peer {neighbor.address} local-address {neighbor.local}\n  profile fast\n"
                  for neighbor in neighbors if neighbor.bfd == "apart"]
        lines += [HEADER]
        if any(neighbor.long_lived for neighbor in neighbors):
            lines.append(" bgp long-lived-graceful-restart stale-time 600\n")
        for neighbor in neighbors:
            options = [
                f"remote-as {neighbor.peer_as}",
                "passive",
                f"password {neighbor.password}" if neighbor.password else "",
                f"ebgp-multihop {neighbor.multihop}" if neighbor.multihop else "",
                "ttl-security hops 1" if neighbor.ttl_security else "",
                "bfd profile fast" if neighbor.bfd is True else "",
                "capability extended-nexthop" if neighbor.extended_next_hop else "",
                # There is nothing finer: it leaves out all capabilities, which RFC 6793 is one of.
                "" if neighbor.four_octet_as else "dont-capability-negotiate",
            ]
            lines += [f" neighbor {neighbor.address} {option}\n" for option in options if option]
            if not neighbor.four_octet_as:
                # FRR knows our AS from our capability and would insist on it as the first of AS_PATH: that is AS_TRANS.
                lines.append(f" no neighbor {neighbor.address} enforce-first-as\n")
        for family in ("ipv4", "ipv6"):
            lines += [f" address-family {family} unicast\n", "  maximum-paths 16\n", "  maximum-paths ibgp 16\n"]
            lines += [f"  neighbor {neighbor.address} activate\n" for neighbor in neighbors]
            lines += [" exit-address-family\n"]
        return "".join(lines)

    def launch(self):
        self.host.shell(f"chmod 644 {CONFIGURATION}; chown frr:frr /log")
        for daemon in DAEMONS:
            self.host.spawn(
                f"{daemon}.log", f"/usr/lib/frr/{daemon}", "-f", CONFIGURATION, "-i", f"/run/frr/{daemon}.pid")
            if daemon == "bfdd":
                # What bgpd asks of BFD is lost if bfdd is not there yet.
                eventually("bfdd has found zebra", lambda: "bfd" in self.show("show zebra client summary"))
        eventually("FRR answers", lambda: "router identifier" in self.show("show bgp summary"))

    def kill(self):
        for daemon in DAEMONS:
            self.host.shell(f"kill -9 $(cat /run/frr/{daemon}.pid)")

    def show(self, command):
        """What a command of vtysh prints."""
        return self.host.run("vtysh", "-c", command, check=False)

    def ask(self, command):
        """What a command of vtysh answers in JSON."""
        try:
            return json.loads(self.show(f"{command} json"))
        except json.JSONDecodeError:
            return {}

    def neighbor(self, address):
        """What FRR knows of a neighbor."""
        return self.ask(f"show bgp neighbors {address}").get(address, {})

    def established(self, address):
        return self.neighbor(address).get("bgpState") == "Established"

    def paths(self, prefix):
        family = "ipv6" if ":" in prefix else "ipv4"
        return [
            Path(neighbor=path["peer"]["peerId"], next_hop=path["nexthops"][0]["ip"], origin=path["origin"],
                 as_path=path["aspath"]["string"].replace("Local", ""), local_pref=path.get("locPrf"),
                 communities=tuple(NAMES.get(name, name) for name in path.get("community", {}).get("list", ())))
            for path in self.ask(f"show bgp {family} unicast {prefix}").get("paths", [])]

    def farewell(self, address):
        shown = self.neighbor(address)
        return ", ".join(shown[key] for key in ("lastNotificationReason", "lastShutdownDescription") if key in shown)

    def bfd_state(self, address):
        return next((peer["status"] for peer in self.ask("show bfd peers") or () if peer["peer"] == address), "")

    def shut_bfd_down(self, address, local):
        """Has FRR's BFD say AdminDown to a neighbor that is `apart`."""
        self.host.run("vtysh", "-c", "configure terminal", "-c", "bfd", "-c", f"peer {address} local-address {local}",
                      "-c", "shutdown")

    def ask_refresh(self, address):
        self.show(f"clear bgp ipv4 unicast {address} soft in")
