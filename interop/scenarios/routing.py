"""Routing: equal paths from several nodes, and the ToR's own restart."""

import time

from lab.client import Requests, spread
from lab.node import VIP
from lab.waiting import expect, expect_equal
from scenarios.rack import PREFIX, await_next_hops, start_rack


def ecmp(lab):
    """Three nodes are three equal paths in BIRD and three next hops in the kernel; clients reach all three."""
    start_rack(lab, lab.nodes)
    routes = lab.bird.routes(PREFIX)
    expect_equal(sorted(route["protocol"] for route in routes), [node.name for node in lab.nodes], "BIRD's paths")
    compared = [(route["origin"], len(route["as_path"].split()), route.get("med"), route["local_pref"])
                for route in routes]
    expect_equal(len(set(compared)), 1, "the number of different paths in BIRD")
    shares = spread(Requests(lab.client, VIP, 300).results())
    expect_equal(list(shares), [node.name for node in lab.nodes], "who answered the client")
    expect(min(shares.values()) >= 50, f"the nodes' shares of 300 requests are uneven: {shares}")
    return "300 connections: " + ", ".join(f"{name} {count}" for name, count in shares.items())


def tor_restart(lab):
    """The ToR's BIRD dies without a word; when it is back, so are sessions and routes."""
    start_rack(lab, lab.nodes)
    lab.bird.kill()
    # BIRD left its routes in the kernel: take them away, so that the new ones can be seen to come.
    lab.tor.shell("ip route flush proto bird")
    started = time.monotonic()
    lab.bird.launch()
    await_next_hops(lab, lab.nodes)
    return f"three next hops back {time.monotonic() - started:.1f} s after BIRD's start"
