"""The speakers that are measured: each has both routers as peers and advertises the VIP."""

import re
import subprocess

from lab.waiting import Failed, eventually
from measures.rack import NODE_ADDRESSES, NODE_AS, ROUTER_ADDRESSES, ROUTER_AS, ROUTER_ID, VIP, ip
from measures.service import start_service


class Speaker:
    """One speaker on the node of a rack."""

    name = ""

    def __init__(self, rack, binary=None):
        self.rack, self.binary = rack, binary
        self.process = None

    def start(self, **settings):
        """Starts it and waits until both routers have its route."""
        self.process = self.launch(**settings)
        self.log = f"{self.name}.out"
        try:
            eventually(f"{self.name} advertises {VIP} to both routers", self.is_advertising, seconds=60)
        except Failed as error:
            raise Failed(f"{error}\n{self.rack.log(self.log)}") from error

    def is_advertising(self):
        """True if both routers have the route; fails at once if the speaker has ended."""
        if self.process.poll() is not None:
            raise Failed(f"{self.name} ended with status {self.process.returncode}")
        self.advertise()
        return all(router.has_route() for router in self.rack.routers)

    def advertise(self):
        """Does by hand what has to be done that the VIP is advertised."""

    def spawn(self, *argv):
        """Starts its program on the node."""
        return self.rack.spawn(self.rack.node, f"{self.name}.out", *argv)

    def write(self, name, text):
        """Writes a configuration file and returns its path."""
        path = self.rack.directory / name
        path.write_text(text, encoding="ascii")
        return path


class Bgpvip(Speaker):
    """bgpvip with its defaults and an HTTPS check every second, or with no check."""

    name = "bgpvip"

    def launch(self, keepalive=3, check=True, extra=()):
        if check:
            start_service(self.rack)
        return self.spawn(*self.arguments(keepalive, check), *extra)

    def arguments(self, keepalive=3, check=True):
        """Its command line."""
        return [
            self.binary, "run", "--local-as", NODE_AS, "--router-id", ROUTER_ID, "--vip", VIP, "--peers",
            ",".join(f"{address}:{ROUTER_AS}" for address in ROUTER_ADDRESSES), "--keepalive-interval", f"{keepalive}s",
            "--check", "https://127.0.0.1:6443/readyz" if check else "none", "--control-socket", self.control]

    @property
    def control(self):
        """Its control socket."""
        return self.rack.directory / "control.sock"

    def version(self):
        """What it says it is."""
        return output(self.binary, "version").strip()

    def ask(self, *arguments):
        """What `bgpvip ARGUMENTS...` answers."""
        return output(self.binary, *arguments, "--control-socket", self.control)


class Bird(Speaker):
    """BIRD with a static route; without a health check."""

    name = "BIRD"

    def launch(self, keepalive=3):
        ip("-n", self.rack.node, "address", "add", f"{VIP}/32", "dev", "lo")
        sessions = "".join(f"""\
protocol bgp r{number} {{
  local {near} as {NODE_AS};
  neighbor {far} as {ROUTER_AS};
  direct;
  hold time 9;
  keepalive time {keepalive};
  connect delay time 1;
  ipv4 {{ import none; export all; }};
}}
""" for number, (near, far) in enumerate(zip(NODE_ADDRESSES, ROUTER_ADDRESSES), start=1))
        configuration = self.write("speaker.conf", f"""\
router id {ROUTER_ID};
protocol device {{ }}
protocol static {{ ipv4; route {VIP}/32 via "lo"; }}
{sessions}""")
        return self.spawn("bird", "-f", "-c", configuration, "-s", self.rack.directory / "speaker.ctl")

    def version(self):
        """What it says it is."""
        return "BIRD " + re.search(r"[\d.]+", output("bird", "--version"))[0]


class GoBGP(Speaker):
    """GoBGP, the engine of kube-vip and MetalLB's old mode, with one route; without a health check."""

    name = "GoBGP"
    PORT = 50051

    def launch(self, keepalive=3):
        ip("-n", self.rack.node, "address", "add", f"{VIP}/32", "dev", "lo")
        neighbors = "".join(f"""\
[[neighbors]]
  [neighbors.config]
    neighbor-address = "{address}"
    peer-as = {ROUTER_AS}
  [neighbors.timers.config]
    hold-time = 9
    keepalive-interval = {keepalive}
    connect-retry = 1
    idle-hold-time-after-reset = 1
""" for address in ROUTER_ADDRESSES)
        configuration = self.write("gobgpd.toml", f"""\
[global.config]
  as = {NODE_AS}
  router-id = "{ROUTER_ID}"
  port = -1
{neighbors}""")
        return self.spawn("gobgpd", "-f", configuration, "--api-hosts", f"127.0.0.1:{self.PORT}", "--pprof-disable")

    def advertise(self):
        """Adds the route, again and again until the daemon takes it."""
        self.ask("global", "rib", "add", f"{VIP}/32")

    def ask(self, *arguments):
        """What `gobgp ARGUMENTS...` answers."""
        return output(
            "ip", "netns", "exec", self.rack.node, "gobgp", "-p", str(self.PORT), *arguments)

    def version(self):
        """What it says it is."""
        return "GoBGP " + re.search(r"[\d.]+", output("gobgpd", "--version"))[0]


def output(*argv):
    """What a program prints, on either stream."""
    done = subprocess.run(list(map(str, argv)), capture_output=True, text=True, check=False, timeout=60)
    return done.stdout or done.stderr
