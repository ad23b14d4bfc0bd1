"""FRR (zebra, bgpd, bfdd) with a check script that calls vtysh."""

import shutil
import time

from measures.lab import NODE_AS, ROUTER_AS
from measures.programs.program import Program, said

DAEMONS = "/usr/lib/frr"


class FRR(Program):
    """FRR, as far as BGP needs it."""

    name = "frr"
    packages = ("frr",)
    commands = (f"{DAEMONS}/zebra", f"{DAEMONS}/bgpd", f"{DAEMONS}/bfdd", "vtysh")
    has_bfd = True
    tuning = ("`timers connect 1`, `advertisement-interval 0`, `bgp graceful-restart-disable`, "
              "`no bgp network import-check`, incoming routes denied")

    @classmethod
    def find_version(cls):
        return said(cls.commands[1], "--version")

    def files(self):
        task = self.task
        neighbors = "".join(
            f" neighbor {peer} remote-as {ROUTER_AS}\n neighbor {peer} timers connect 1\n"
            f" neighbor {peer} advertisement-interval 0\n"
            + (f" neighbor {peer} bfd 3 {task.bfd} {task.bfd}\n" if task.bfd else "") for peer in task.peers)
        filters = "".join(f"  neighbor {peer} route-map NOTHING in\n" for peer in task.peers)
        return {"zebra.conf": "", "bfdd.conf": "", "vtysh.conf": "", "bgpd.conf": f"""\
frr defaults traditional
router bgp {NODE_AS}
 bgp router-id {self.node.address}
 no bgp ebgp-requires-policy
 no bgp network import-check
 timers bgp {task.keepalive} {task.hold}
 bgp graceful-restart-disable
{neighbors} address-family ipv4 unicast
{filters} exit-address-family
!
route-map NOTHING deny 10
"""}

    def launches(self):
        for path in (self.directory, *self.directory.iterdir()):
            shutil.chown(path, "frr", "frr")

        def daemon(name, *more):
            return (name, [f"{DAEMONS}/{name}", "-f", self.path(f"{name}.conf"), "-i", self.path(f"{name}.pid"), "-z",
                           self.path("zserv.api"), "--vty_socket", self.directory, "-A", "127.0.0.1", *more], {})
        launches = [daemon("zebra"), self.path("zserv.api")]
        if self.task.bfd:
            launches.append(daemon("bfdd", "--bfdctl", self.path("bfdd.sock")))
        return [*launches, daemon("bgpd", "-l", self.node.address), *self.check_loop()]

    def log_files(self):
        return ["frr-zebra.out", "frr-bgpd.out"]

    @property
    def pid(self):
        return self.processes[2 if self.task.bfd else 1].pid

    def vtysh(self):
        """The shell that talks to bgpd."""
        return ["vtysh", "--vty_socket", self.directory, "--config_dir", self.directory, "-d", "bgpd"]

    def network(self, no):
        """The command for the VIP."""
        return [*self.vtysh(), "-c", "configure terminal", "-c", f"router bgp {NODE_AS}", "-c",
                "address-family ipv4 unicast", "-c", f"{no}network {self.task.vips[0]}/32"]

    def up(self):
        return self.network("")

    def down(self):
        return self.network("no ")

    def advertise(self, prefixes, no=""):
        now = time.monotonic_ns()
        self.path("networks.conf").write_text(
            f"router bgp {NODE_AS}\n address-family ipv4 unicast\n"
            + "".join(f"  {no}network {prefix}/32\n" for prefix in prefixes), encoding="ascii")
        self.run(*self.vtysh(), "-f", self.path("networks.conf"))
        return now

    def withdraw(self, prefixes):
        return self.advertise(prefixes, "no ")
