"""BIRD on a router of the lab: its configuration, and what it says about peers and routes."""

import re

from lab.node import NODE_AS, TOR_AS
from lab.waiting import eventually, expect

CONFIGURATION = "/run/lab/bird.conf"
HEADER = """\
log "/log/bird.log" all;
debug protocols {{ states, events }};
router id {router_id};
protocol device {{ }}
protocol direct {{ ipv4; ipv6; }}
protocol kernel {{ merge paths on; ipv4 {{ import none; export where source = RTS_BGP; }}; }}
protocol kernel {{ merge paths on; ipv6 {{ import none; export where source = RTS_BGP; }}; }}
"""


def neighbor(name, address, peer_as=NODE_AS, password=None, ttl_security=False, imports="all", exports="none",
             channels=("ipv4", "ipv6"), more=""):
    """A BGP neighbor of a router that is configured otherwise than tor-config has it. `more` are lines of BIRD."""
    lines = [
        f"protocol bgp {name} {{",
        f"  local as {TOR_AS};",
        f"  neighbor {address} as {peer_as};",
        "  direct;",
        "  passive on;",
        "  error wait time 1, 1;",
        f'  password "{password}";' if password else "",
        "  ttl security on;" if ttl_security else "",
        f"  {more}" if more else "",
        *[f"  {channel} {{ import {imports}; export {exports}; }};" for channel in channels],
        "}",
    ]
    return "\n".join(line for line in lines if line) + "\n"


class Moment:
    """A time of day that BIRD shows. BIRD reckons it back from now each time it is asked: the same moment may differ by a
    millisecond."""

    def __init__(self, text):
        self.text = text
        hours, minutes, seconds = text.split(":")
        self.seconds = int(hours) * 3600 + int(minutes) * 60 + float(seconds)

    def __eq__(self, other):
        return isinstance(other, Moment) and abs(self.seconds - other.seconds) < 0.02

    def __repr__(self):
        return self.text


class Bird:
    """The BIRD daemon of one host."""

    def __init__(self, host, router_id):
        self.host = host
        self.router_id = router_id

    def start(self, *parts):
        """Starts BIRD with these parts after the common beginning."""
        self.write(parts)
        self.launch()

    def configure(self, *parts):
        """Has BIRD, which runs, go over to these parts."""
        self.write(parts)
        self.host.run("birdc", "configure")

    def write(self, parts):
        """Writes the configuration, and has BIRD parse it."""
        self.host.write(CONFIGURATION, HEADER.format(router_id=self.router_id) + "".join(parts))
        self.host.run("bird", "-p", "-c", CONFIGURATION)

    def launch(self):
        """Starts BIRD with the configuration it had."""
        self.host.run("bird", "-c", CONFIGURATION, "-P", "/run/lab/bird.pid")
        eventually("BIRD answers", lambda: "BIRD" in self.show("status"))

    def kill(self):
        """Kills BIRD without a word to anyone."""
        self.host.shell("kill -9 $(cat /run/lab/bird.pid)")

    def show(self, what):
        """What `birdc show WHAT` prints."""
        return self.host.run("birdc", "show", *what.split(), check=False)

    def peer(self, name):
        """The lines `Key: value` of `show protocols all NAME`."""
        return dict(re.findall(r"^ +([A-Z][A-Za-z ]+):[ \t]+(.+?)[ \t]*$", self.show(f"protocols all {name}"), re.M))

    def since(self, name):
        """Since when a protocol is in its state: another `Moment` for each session."""
        return Moment(self.show(f"protocols {name}").splitlines()[-1].split()[4])

    def state(self, name):
        """The BGP state of a neighbor."""
        return self.peer(name).get("BGP state")

    def await_established(self, *names, seconds=30):
        """Waits until these neighbors are Established."""
        for name in names:
            eventually(
                f"{self.host.name}: BGP session {name} Established", lambda: self.state(name) == "Established", seconds)

    def routes(self, prefix):
        """All routes to a prefix: one dictionary of attributes each, with `protocol` and `gateway`."""
        found = []
        for line in self.show(f"route all for {prefix}").splitlines():
            start = re.match(r"\S*\s+unicast \[(\S+)", line)
            if start:
                found.append({"protocol": start[1]})
            elif found:
                via = re.match(r"\s+via (\S+)", line)
                attribute = re.match(r"\s+(?:BGP\.)?(\w+): ?(.*)$", line)
                if via:
                    found[-1]["gateway"] = via[1]
                elif attribute:
                    found[-1][attribute[1]] = attribute[2].strip()
        return found

    def route_of(self, prefix, name):
        """The route to a prefix that one neighbor announced."""
        routes = [route for route in self.routes(prefix) if route["protocol"] == name]
        expect(len(routes) == 1, f"{self.host.name}: {len(routes)} routes to {prefix} from {name}")
        return routes[0]

    def bfd_state(self, address):
        """The state of the BFD session with a neighbor; empty if there is none."""
        rows = (line.split() for line in self.show("bfd sessions").splitlines())
        return next((row[2] for row in rows if len(row) > 2 and row[0] == address), "")
