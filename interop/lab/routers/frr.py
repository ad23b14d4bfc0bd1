"""FRR."""

import json

from lab.routers.router import CONFIGURATION, ROUTER_ID, Path, Router
from lab.node import TOR_AS
from lab.waiting import eventually

HEADER = f"""\
router bgp {TOR_AS}
 bgp router-id {ROUTER_ID}
exit
"""
# What the daemons begin with; everything else comes by vtysh, as from an operator.
LOGGING, LOGGING_FILE = "log file /log/frr.log debugging\nlog timestamp precision 6\n", "/run/lab/logging.conf"
# With `debugs`, the log has the whole way from a packet to the kernel's route.
DEBUG = """\
debug bgp neighbor-events
debug bgp zebra
debug bgp bfd
debug bgp updates in
debug bfd peer
debug bfd zebra
debug zebra rib
debug zebra dplane
"""
NAMES = {"gracefulShutdown": "65535:0", "llgrStale": "65535:6"}
# Without mgmtd, which every installation has, zebra tries to report to it a hundred times a second.
DAEMONS = ("mgmtd", "zebra", "bfdd", "bgpd")
APART = """\
bfd
 profile fast
  transmit-interval 50
  receive-interval 50
  detect-multiplier 3
 exit
 peer {address} local-address {local}
  profile fast
 exit
exit
"""


class FrrRouter(Router):
    """FRR, with what `bgpvip tor-config frr` prints: bgpd and zebra, which installs the routes."""

    name, package, title = "frr", "frr", "FRR"
    honours_graceful_shutdown = "by a route map"
    # Without it every daemon ends with "privs_init: initial cap_set_proc failed".
    # The lab's instrument for keys looks into its sockets.
    # Its unit has `Nice=-5`.
    capabilities = ("SYS_ADMIN", "SYS_PTRACE", "SYS_NICE")
    two_octet_setup = "configured for AS 4200000001 and without enforce-first-as"
    has_fib, flush = True, "ip nexthop flush"
    log_file = "/log/frr.log"

    def configuration(self, neighbors):
        parts = [DEBUG if self.debugs else "", HEADER, self.tor_config("frr", neighbors)]
        for neighbor in neighbors:
            if neighbor.bfd == "apart":
                parts.append(APART.format(address=neighbor.address, local=neighbor.local))
            if not neighbor.four_octet_as:
                # There is nothing finer: it leaves out all capabilities, which RFC 6793 is one of. FRR knows our AS
                # from our capability and would insist on it as the first of AS_PATH: that is AS_TRANS.
                parts.append(f"router bgp {TOR_AS}\n neighbor {neighbor.address} dont-capability-negotiate\n"
                             f" no neighbor {neighbor.address} enforce-first-as\nexit\n")
        return "".join(parts)

    def launch(self):
        self.host.write(LOGGING_FILE, LOGGING)
        self.host.shell(f"chmod 644 {LOGGING_FILE}; chown frr:frr /log")
        for daemon in DAEMONS:
            # mgmtd reads no file.
            configuration = () if daemon == "mgmtd" else ("-f", LOGGING_FILE)
            self.host.spawn(
                f"{daemon}.log", "nice", "-n", "-5", f"/usr/lib/frr/{daemon}", *configuration, "-i", f"/run/frr/{daemon}.pid")
            if daemon == "bfdd":
                # What bgpd asks of BFD is lost if bfdd is not there yet.
                eventually("bfdd has found zebra", lambda: "bfd" in self.show("show zebra client summary"))
        eventually("bgpd answers", lambda: "bgp" in self.show("show zebra client summary").split())
        self.host.run("vtysh", "-f", CONFIGURATION)
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

    def since(self, address):
        # The time that FRR shows differs by a second from one look to the next.
        return self.neighbor(address).get("connectionsEstablished")

    def change_password(self, address, password):
        self.host.run("vtysh", "-c", "configure terminal", "-c", f"router bgp {TOR_AS}",
                      "-c", f"neighbor {address} password {password}")

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

    def shut_down(self, address, text):
        self.host.run("vtysh", "-c", "configure terminal", "-c", f"router bgp {TOR_AS}",
                      "-c", f"neighbor {address} shutdown message {text}")

    def ask_refresh(self, address):
        self.show(f"clear bgp ipv4 unicast {address} soft in")
