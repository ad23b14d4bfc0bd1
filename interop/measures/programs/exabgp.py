"""ExaBGP with the health check that comes with it."""

import os
import time

from measures.lab import NODE_AS, PORT, ROUTER_AS
from measures.programs.program import CHECK_PATH, Program

# Hands what is written into a pipe to ExaBGP.
FEED = """\
import sys
while True:
    with open(sys.argv[1]) as pipe:
        for line in pipe:
            sys.stdout.write(line)
    sys.stdout.flush()
"""


class ExaBGP(Program):
    """exabgp."""

    name = "exabgp"
    packages = ("exabgp", "curl")
    commands = ("exabgp", "curl")
    check = "`exabgp healthcheck`: curl every second"
    tuning = "`--fast-interval 1`, no API acknowledgements for the scale"

    def files(self):
        task = self.task
        program = (
            f"/usr/bin/python3 -m exabgp healthcheck --no-syslog --no-ip-setup --ip {task.vips[0]}/32 --interval 1 "
            f"--fast-interval 1 --timeout 1 --rise 1 --fall 1 --withdraw-on-down "
            f'--command "/usr/bin/curl -sf -o /dev/null -m 1 http://127.0.0.1:{PORT}{CHECK_PATH}"'
            if task.checked else f"/usr/bin/python3 {self.path('feed.py')} {self.path('pipe')}")
        return {"feed.py": FEED, "exabgp.conf": f"process control {{ run {program}; encoder text; }}\n" + "".join(
            f"neighbor {peer} {{ router-id {self.node.address}; local-address {self.node.address}; local-as {NODE_AS}; "
            f"peer-as {ROUTER_AS}; hold-time {task.hold}; family {{ ipv4 unicast; }} api {{ processes [ control ]; }} }}\n"
            for peer in task.peers)}

    def launches(self):
        os.mkfifo(self.path("pipe"))
        return [("exabgp", ["exabgp", self.path("exabgp.conf")], {
            "exabgp_daemon_user": "root", "exabgp_daemon_drop": "false", "exabgp_api_cli": "false",
            "exabgp_log_level": "INFO" if self.task.checked else "ERR",
            "exabgp_api_ack": "true" if self.task.checked else "false"})]

    def log_files(self):
        return ["exabgp-exabgp.out"]

    def advertise(self, prefixes):
        return self.feed("announce", prefixes)

    def withdraw(self, prefixes):
        return self.feed("withdraw", prefixes)

    def feed(self, verb, prefixes):
        """Writes all commands at once."""
        now = time.monotonic_ns()
        with open(self.path("pipe"), "w", encoding="ascii") as pipe:
            pipe.write("".join(f"{verb} route {prefix}/32 next-hop self\n" for prefix in prefixes))
        return now
