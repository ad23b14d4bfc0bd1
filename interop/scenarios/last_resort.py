"""When nothing healthy is left: the VIP leads somewhere all the same, if that was asked for."""

import time

from lab.client import Requests, spread
from lab.fib import RouteWatch
from lab.node import VIP
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import PREFIX, await_bound, await_next_hops, milliseconds, start_rack

STALE = "(65535,6)"
# Nanoseconds. BIRD marks the paths of a lost session when it next wakes up, by anybody's keepalive for example.
NEXT_WAKING = 3.5e9


def last_resort(lab):
    """--on-unhealthy last-resort: one healthy node gets all traffic; with none, all unhealthy ones answer."""
    start_rack(lab, lab.nodes, BGPVIP_ON_UNHEALTHY="last-resort")
    sick, healthy = lab.nodes[:2], lab.nodes[2]
    for node in sick:
        node.service.fail()
    await_next_hops(lab, [healthy])
    for node in sick:
        await_bound(node, True)
    route = lab.bird.route_of(PREFIX, sick[0].name)
    expect_equal(
        (route["local_pref"], route["med"], route["community"], len(set(route["as_path"].split())),
         len(route["as_path"].split())),
        ("0", "4294967295", "(65535,0)", 1, 4), "a sick node's path in BIRD")
    (shown,) = sick[0].speaker.status("vips")
    expect(shown["lastResort"] and shown["bound"], f"`bgpvip vips` says {shown}")
    alone = spread(Requests(lab.client, VIP, 60).results())
    expect_equal(list(alone), [healthy.name], "who answered while one node was healthy")
    healthy.service.fail()
    await_next_hops(lab, lab.nodes)
    everybody = spread(Requests(lab.client, VIP, 120).results())
    expect_equal(list(everybody), [node.name for node in lab.nodes], "who answered while no node was healthy")
    sick[0].service.recover()
    await_next_hops(lab, [sick[0]])
    again = spread(Requests(lab.client, VIP, 60).results())
    expect_equal(list(again), [sick[0].name], "who answered when one node was healthy again")
    return "one healthy node: all 60 requests there; none: 120 requests answered by all three"


def llgr(lab):
    """--llgr, SIGKILL: out of ECMP while another node has the VIP; the last node's path stays and still leads there."""
    nodes = lab.nodes[:2]
    start_rack(lab, nodes, {"long_lived": True}, BGPVIP_LLGR="600s")
    first, last = nodes
    with RouteWatch(lab.tor, PREFIX) as watch:
        killed = time.monotonic_ns()
        first.speaker.signal("KILL")
        took = watch.wait(f"lost {first.name}", lambda hops: first.address not in hops, after=killed) - killed
    expect(took <= NEXT_WAKING, f"out of the ToR's kernel after {milliseconds(took)}")
    expect(STALE in lab.bird.route_of(PREFIX, first.name).get("community", ""), "BIRD has not kept the dead path")
    expect_equal(list(spread(Requests(lab.client, VIP, 60).results())), [last.name], "who answered")
    last.speaker.signal("KILL")
    eventually("BIRD has marked the last path too",
               lambda: STALE in lab.bird.route_of(PREFIX, last.name).get("community", ""))
    expect(last.address in lab.tor.next_hops(PREFIX), "the last node's path has left the ToR's kernel")
    answered = spread(Requests(lab.client, VIP, 60).results())
    last.speaker.start(last.environment(BGPVIP_LLGR="600s"), ["run"])
    await_next_hops(lab, [last])
    last.speaker.signal("TERM")
    expect_equal(last.speaker.exit_status(), 0, "the exit status")
    expect_equal(
        [route["protocol"] for route in lab.bird.routes(PREFIX)], [first.name], "whose path BIRD has after SIGTERM")
    return (f"out of the ToR's kernel after {milliseconds(took)}; without any speaker 60 requests answered by "
            f"{', '.join(answered)}; nothing is kept after SIGTERM")
