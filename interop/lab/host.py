"""One host of the lab: a container with the usual network tools."""

import json
import shlex

from lab.engine import LABEL
from lab.images import HOST

PREFIX = "bgpvip-lab"
# Sysctls can only be set when a container is made; links made later inherit `default`.
SYSCTLS = {
    "net.ipv4.ip_forward": 1,
    "net.ipv4.fib_multipath_hash_policy": 1,
    "net.ipv4.conf.all.rp_filter": 0,
    "net.ipv4.conf.default.rp_filter": 0,
    "net.ipv6.conf.all.disable_ipv6": 0,
    "net.ipv6.conf.default.disable_ipv6": 0,
    "net.ipv6.conf.all.forwarding": 1,
    "net.ipv6.fib_multipath_hash_policy": 1,
}


class Host:
    """A running container; everything is done by `exec`."""

    def __init__(self, engine, name):
        self.engine = engine
        self.name = name
        self.container = f"{PREFIX}-{name}"

    def create(self, network, capabilities=()):
        """Starts the container on the engine's network, with capabilities beyond those that every host has."""
        sysctls = [part for key, value in SYSCTLS.items() for part in ("--sysctl", f"{key}={value}")]
        self.engine.command(
            "run", "-d", "--name", self.container, "--hostname", self.name, "--label", LABEL, "--network", network,
            *[part for name in ("NET_ADMIN", "NET_RAW", *capabilities) for part in ("--cap-add", name)], *sysctls, HOST)

    def run(self, *argv, check=True, timeout=60):
        """Runs a program and returns what it printed."""
        return self.engine.command("exec", self.container, *argv, check=check, timeout=timeout).stdout

    def shell(self, script, check=True):
        """Runs a shell script and returns what it printed."""
        return self.run("sh", "-c", script, check=check)

    def write(self, path, text):
        """Writes a file."""
        self.engine.command(
            "exec", "-i", self.container, "sh", "-c", f"cat > {shlex.quote(path)}", text_input=text)

    def spawn(self, log, *argv):
        """Starts a program in the background; its output goes to /log/LOG."""
        self.engine.command(
            "exec", "-d", self.container, "sh", "-c", f"exec {shlex.join(argv)} > /log/{log} 2>&1")

    def stream(self, *argv):
        """Starts a program with its output in a pipe."""
        return self.engine.stream("exec", self.container, *argv)

    def reset(self):
        """Takes away everything a scenario left: processes, host addresses, the router program's routes, files."""
        self.run("/lab/reset")

    def next_hops(self, prefix):
        """The gateways of the kernel's route to exactly this prefix, sorted; empty if there is none."""
        family = "-6" if ":" in prefix else "-4"
        hops = []
        for route in json.loads(self.run("ip", "-j", family, "route", "show", prefix) or "[]"):
            for hop in route.get("nexthops", [route]):
                # `via` is a next hop of the other family.
                hops += [hop["gateway"]] if "gateway" in hop else [hop["via"]["host"]] if "via" in hop else []
        return sorted(hops)

    def addresses(self, device):
        """The addresses of a device as `ip -j` shows them, by address with prefix length."""
        shown = json.loads(self.run("ip", "-j", "addr", "show", "dev", device))
        return {f"{entry['local']}/{entry['prefixlen']}": entry for entry in shown[0]["addr_info"]}
