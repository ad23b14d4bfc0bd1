"""BIRD on a router of the lab: its configuration, and what it says about peers and routes."""

import re

from lab.waiting import eventually, expect

HEADER = """\
log "/log/bird.log" all;
debug protocols {{ states, events }};
router id {router_id};
protocol device {{ }}
protocol direct {{ ipv4; ipv6; }}
protocol kernel {{ merge paths on; ipv4 {{ import none; export where source = RTS_BGP; }}; }}
protocol kernel {{ merge paths on; ipv6 {{ import none; export where source = RTS_BGP; }}; }}
"""


def neighbor(name, address, peer_as, local_as=65000, password=None, multihop=None, ttl_security=False,
             extended_next_hop=False, four_octet_as=True, bfd=False, imports="all"):
    """A BGP neighbor. It only listens, as a ToR does towards its servers; our side dials."""
    lines = [
        f"protocol bgp {name} {{",
        f"  local as {local_as};",
        # Without 4-octet AS numbers BIRD can neither be told of one nor does it accept AS_TRANS for it.
        f"  neighbor {address} {f'as {peer_as}' if four_octet_as else 'external'};",
        f"  multihop {multihop};" if multihop else "  direct;",
        "  passive on;",
        "  error wait time 1, 1;",
        f'  password "{password}";' if password else "",
        "  ttl security on;" if ttl_security else "",
        "  bfd on;" if bfd else "",
        "" if four_octet_as else "  enable as4 off;",
        f"  ipv4 {{ import {imports}; export none; {'extended next hop on; ' if extended_next_hop else ''}}};",
        f"  ipv6 {{ import {imports}; export none; }};",
        "}",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def unnumbered_neighbors(interface, peer_as, local_as=65000):
    """Whoever dials from a link-local address of this link. Router advertisements tell the hosts who the router is."""
    return f"""\
protocol radv {{ interface "{interface}" {{ min ra interval 3; max ra interval 4; }}; }}
protocol bgp unnumbered_{interface} {{
  local as {local_as};
  neighbor range fe80::/10 as {peer_as};
  interface "{interface}";
  dynamic name "on_{interface}_";
  ipv4 {{ import all; export none; extended next hop on; }};
  ipv6 {{ import all; export none; }};
}}
"""


# 50 ms, three times, for every neighbor with `bfd`.
BFD = """\
protocol bfd {
  interface "*" { min rx interval 50 ms; min tx interval 50 ms; multiplier 3; };
  multihop { min rx interval 50 ms; min tx interval 50 ms; multiplier 3; };
}
"""
# RFC 8326 is not built in; this is the line its section 4 asks for.
HONOURING_GRACEFUL_SHUTDOWN = "filter { if (65535, 0) ~ bgp_community then bgp_local_pref = 0; accept; }"


class Bird:
    """The BIRD daemon of one host."""

    def __init__(self, host, router_id):
        self.host = host
        self.router_id = router_id

    def start(self, *parts):
        """Starts BIRD with these parts after the common beginning."""
        self.host.write("/run/lab/bird.conf", HEADER.format(router_id=self.router_id) + "".join(parts))
        self.host.run("bird", "-p", "-c", "/run/lab/bird.conf")
        self.launch()

    def launch(self):
        """Starts BIRD with the configuration it had."""
        self.host.run("bird", "-c", "/run/lab/bird.conf", "-P", "/run/lab/bird.pid")
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
