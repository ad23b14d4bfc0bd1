"""One host of the lab: a container with the usual network tools."""

import json
import shlex
import threading

from lab.engine import LABEL, EngineError
from lab.images import HOST

PREFIX = "bgpvip-lab"
# Sysctls can only be set when a container is made; links made later inherit `default`.
SYSCTLS = {
    "net.ipv4.ip_forward": 1,
    "net.ipv4.fib_multipath_hash_policy": 1,
    # As systemd and Docker have it: who may not open raw sockets may still ping, and so find a router on the link.
    "net.ipv4.ping_group_range": "0 2147483647",
    "net.ipv4.conf.all.rp_filter": 0,
    "net.ipv4.conf.default.rp_filter": 0,
    "net.ipv6.conf.all.disable_ipv6": 0,
    "net.ipv6.conf.default.disable_ipv6": 0,
    "net.ipv6.conf.all.forwarding": 1,
    "net.ipv6.fib_multipath_hash_policy": 1,
}


class Agent:
    """The far end of `agent.py` on one host; one request at a time."""

    def __init__(self, process, name):
        self.process = process
        self.name = name
        self.lock = threading.Lock()

    def ask(self, request):
        """Has a program run, and returns the agent's answer."""
        with self.lock:
            try:
                self.process.stdin.write(json.dumps(request) + "\n")
                self.process.stdin.flush()
                return json.loads(self.process.stdout.readline())
            except (OSError, ValueError) as error:
                raise EngineError(f"the agent of {self.name} has gone: {error}") from error


class Host:
    """A running container; an agent in it does what is asked."""

    def __init__(self, engine, name):
        self.engine = engine
        self.name = name
        self.container = f"{PREFIX}-{name}"
        self.agent = None

    def create(self, network, capabilities=(), image=HOST, options=()):
        """Starts the container on the engine's network, with capabilities and options beyond those that all hosts have."""
        sysctls = [part for key, value in SYSCTLS.items() for part in ("--sysctl", f"{key}={value}")]
        self.engine.command(
            "run", "-d", "--name", self.container, "--hostname", self.name, "--label", LABEL, "--network", network,
            *[part for name in ("NET_ADMIN", "NET_RAW", *capabilities) for part in ("--cap-add", name)], *sysctls,
            *options, image)

        self.agent = Agent(self.engine.interact("exec", "-i", self.container, "python3", "/lab/agent.py"), self.name)

    def run(self, *argv, check=True, timeout=60, text_input=None):
        """Runs a program and returns what it printed."""
        answer = self.agent.ask({"argv": argv, "input": text_input, "timeout": timeout})
        if answer["status"] is None:
            raise EngineError(f"{self.name}: {shlex.join(argv)}: no answer within {timeout} s")
        if check and answer["status"] != 0:
            said = (answer["errors"].strip() or answer["output"].strip())[-2000:]
            raise EngineError(f"{self.name}: {shlex.join(argv)}: exit status {answer['status']}: {said}")
        return answer["output"]

    def shell(self, script, check=True):
        """Runs a shell script and returns what it printed."""
        return self.run("sh", "-c", script, check=check)

    def write(self, path, text):
        """Writes a file."""
        self.run("tee", path, text_input=text)

    def spawn(self, log, *argv):
        """Starts a program in the background; its output goes to /log/LOG."""
        self.agent.ask({"argv": argv, "log": f"/log/{log}"})

    def stream(self, *argv):
        """Starts a program with its output in a pipe."""
        return self.engine.stream("exec", self.container, *argv)

    def stream_text(self, *argv):
        """Runs a program beside what the agent runs, and returns what it printed."""
        return self.engine.command("exec", self.container, *argv).stdout

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
