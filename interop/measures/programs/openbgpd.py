"""OpenBGPD with a check script that calls bgpctl."""

import pwd
import time
from pathlib import Path

from measures.lab import NODE_AS, ROUTER_AS
from measures.programs.program import Program, said


class OpenBGPD(Program):
    """bgpd of OpenBSD."""

    name = "openbgpd"
    packages = ("openbgpd",)
    commands = ("/usr/sbin/bgpd", "bgpctl")
    tuning = "`connect-retry 1`, `deny from any`, `fib-update no`"

    @classmethod
    def find_version(cls):
        return said(cls.commands[0], "-V")

    def files(self):
        neighbors = "".join(
            f"neighbor {peer} {{\n remote-as {ROUTER_AS}\n local-address {self.node.address}\n announce IPv4 unicast\n"
            " announce IPv6 none\n}\n" for peer in self.task.peers)
        return {"bgpd.conf": f"""\
AS {NODE_AS}
router-id {self.node.address}
fib-update no
holdtime {self.task.hold}
socket "{self.path('ctl')}"
connect-retry 1
{neighbors}deny from any
allow to any
"""}

    def launches(self):
        # It shuts itself in there. The service that Debian would start makes the directory.
        Path(pwd.getpwnam("_openbgpd").pw_dir).mkdir(exist_ok=True)
        return [("bgpd", ["/usr/sbin/bgpd", "-d", "-f", self.path("bgpd.conf")], {}), *self.check_loop()]

    def up(self):
        return ["bgpctl", "-s", self.path("ctl"), "network", "add", f"{self.task.vips[0]}/32"]

    def down(self):
        return ["bgpctl", "-s", self.path("ctl"), "network", "delete", f"{self.task.vips[0]}/32"]

    def advertise(self, prefixes, verb="add"):
        now = time.monotonic_ns()
        self.run("bgpctl", "-s", self.path("ctl"), "network", "bulk", verb,
                 text="".join(f"{prefix}/32\n" for prefix in prefixes))
        return now

    def withdraw(self, prefixes):
        return self.advertise(prefixes, "delete")
