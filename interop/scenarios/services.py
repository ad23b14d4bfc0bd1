"""The service dies, hangs, fails: the route leaves the ToR's kernel in time, and comes back."""

import statistics
import time

from lab.client import Requests, spread
from lab.fib import RouteWatch
from lab.node import VIP
from lab.waiting import expect, expect_equal
from scenarios.rack import PREFIX, await_bound, await_next_hops, milliseconds, peer_status, start_rack

ROUNDS = 10
# Nanoseconds.
CRASH_LIMIT = 50e6
# The check's settings in two scenarios, in milliseconds, and what a busy machine may add. The timeout is not longer
# than the interval: a probe does not start while the last one is under way.
INTERVAL, TIMEOUT, FALL, MARGIN = 300, 200, 3, 100


def service_killed(lab):
    """SIGKILL of the service: its next hop leaves the ToR's kernel within 50 ms (median of 10)."""
    return crashes(lab)


def service_killed_closing(lab):
    """The same with a service that answers `Connection: close`: no connection tells of the crash, and no close is one."""
    return crashes(lab, "announced")


def service_killed_closing_unannounced(lab):
    """The same with a service that closes each connection after the answer without a word."""
    return crashes(lab, "unannounced")


def crashes(lab, manner=None):
    """Kills one node's service again and again; `manner` is how it closes its connections, if it does."""
    node = lab.nodes[0]
    if manner:
        node.service.close_connections(manner)
    start_rack(lab, lab.nodes)
    out, back = [], []
    with RouteWatch(lab.tor, PREFIX) as watch:
        for _ in range(ROUNDS):
            killed = node.service.kill()
            gone = watch.wait(f"lost {node.name}", lambda hops: node.address not in hops, after=killed)
            out.append(gone - killed)
            await_bound(node, False)
            others = [other.address for other in lab.nodes[1:]]
            expect_equal(lab.tor.next_hops(PREFIX), others, "the next hops without the node")
            opened = node.service.start()
            returned = watch.wait(f"has {node.name} again", lambda hops: node.address in hops, after=gone)
            back.append(returned - opened)
            await_next_hops(lab, lab.nodes)
            await_bound(node, True)
    figures = f"out after {medians(out)}; back after {medians(back)}"
    expect(statistics.median(out) <= CRASH_LIMIT, f"out of the ToR's kernel too late: {figures}")
    alarms = [line for line in node.speaker.log().splitlines() if "check is unhealthy" in line]
    # The log tells ten changes at once, and then one every six seconds.
    expect(5 <= len(alarms) <= ROUNDS, f"the log says {len(alarms)} times that the check is unhealthy")
    expect(all("connection refused" in line for line in alarms), f"not only crashes were noticed: {alarms}")
    return figures


def medians(durations):
    """Median and range of some durations."""
    return (f"median {milliseconds(statistics.median(durations))} "
            f"({milliseconds(min(durations))}..{milliseconds(max(durations))})")


def service_hangs(lab):
    """SIGSTOP of the service: out within interval x fall + timeout + 100 ms, back after SIGCONT."""
    return out_and_back(lab, lambda service: service.signal("STOP"), lambda service: service.signal("CONT"))


def service_fails_500(lab):
    """/readyz answers 500: out within interval x fall + timeout + 100 ms, back when it answers 200."""
    return out_and_back(lab, lambda service: service.fail(), lambda service: service.recover())


def service_accepts_none(lab):
    """The service serves open connections and accepts none: out within interval x fall + timeout + 1 s (defaults: 7 s)."""
    start_rack(lab, lab.nodes, BGPVIP_CHECK_INTERVAL="1s", BGPVIP_CHECK_TIMEOUT="3s")
    node, limit = lab.nodes[0], 7e9
    with RouteWatch(lab.tor, PREFIX) as watch:
        broken = node.service.accept_none()
        took = watch.wait(f"lost {node.name}", lambda hops: node.address not in hops, after=broken) - broken
        expect(took <= limit + MARGIN * 1e6, f"out after {milliseconds(took)}, allowed {milliseconds(limit)}")
        node.service.accept_again()
        await_next_hops(lab, lab.nodes)
    return f"out after {milliseconds(took)}, allowed {milliseconds(limit)}"


def speaker_stopped(lab):
    """SIGSTOP of bgpvip for 4 s, with hold time 9 s: the route stays in the ToR's kernel. What crashes meanwhile goes at once."""
    node = lab.nodes[0]
    start_rack(lab, lab.nodes)
    with RouteWatch(lab.tor, PREFIX) as watch:
        for _ in range(2):
            node.speaker.signal("STOP")
            time.sleep(4)
            node.speaker.signal("CONT")
            time.sleep(1.5)
        lost = [change for change in watch.changes if node.address not in change["nextHops"]]
        expect_equal(lost, [], "changes that lost the node")
        expect_equal(peer_status(node)["flaps"], 0, "flaps of the session")
        node.speaker.signal("STOP")
        node.service.kill()
        time.sleep(4)
        resumed = time.monotonic_ns()
        node.speaker.signal("CONT")
        gone = watch.wait(f"lost {node.name}", lambda hops: node.address not in hops, after=resumed)
    return f"out {milliseconds(gone - resumed)} after SIGCONT, which was on its way for most of it"


def linger_500(lab):
    """/readyz answers 500 while the service serves: every connection that routers still send within linger is answered."""
    linger = 1500
    start_rack(lab, lab.nodes, BGPVIP_CHECK_INTERVAL=f"{INTERVAL}ms", BGPVIP_CHECK_FALL="1", BGPVIP_LINGER=f"{linger}ms")
    node = lab.nodes[0]
    with RouteWatch(lab.tor, PREFIX) as watch:
        broken = node.service.fail()
        gone = watch.wait(f"lost {node.name}", lambda hops: node.address not in hops, after=broken)
        # A router that has not moved the route yet: its packets still come to this node.
        lab.tor.run("ip", "route", "replace", PREFIX, "via", node.address, "metric", "1")
        try:
            results = Requests(lab.client, VIP, count=20, interval=0.01).results()
        finally:
            lab.tor.run("ip", "route", "del", PREFIX, "via", node.address, "metric", "1")
        expect(results[-1]["end"] < gone + linger * 1e6, "the requests took longer than linger")
        answered = spread(results)
        expect_equal(set(answered), {node.name}, "the nodes that answered")
        await_bound(node, False)
        node.service.recover()
        await_next_hops(lab, lab.nodes)
    return f"{len(results)} requests after the withdrawal, all answered"


def out_and_back(lab, break_service, mend_service):
    """Breaks one node's service, waits for its next hop to go in time, mends it, waits for the return."""
    start_rack(
        lab, lab.nodes, BGPVIP_CHECK_INTERVAL=f"{INTERVAL}ms", BGPVIP_CHECK_TIMEOUT=f"{TIMEOUT}ms",
        BGPVIP_CHECK_FALL=str(FALL))
    node = lab.nodes[0]
    limit = (INTERVAL * FALL + TIMEOUT + MARGIN) * 1e6
    with RouteWatch(lab.tor, PREFIX) as watch:
        broken = break_service(node.service)
        took = watch.wait(f"lost {node.name}", lambda hops: node.address not in hops, after=broken) - broken
        expect(took <= limit, f"out of the ToR's kernel after {milliseconds(took)}, allowed {milliseconds(limit)}")
        await_bound(node, False)
        mend_service(node.service)
        await_next_hops(lab, lab.nodes)
        await_bound(node, True)
    return f"out after {milliseconds(took)}, allowed {milliseconds(limit)}"
