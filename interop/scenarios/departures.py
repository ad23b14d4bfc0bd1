"""bgpvip goes away: asked to, or killed."""

import time

from lab.client import Requests
from lab.fib import RouteWatch
from lab.node import VIP
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import PREFIX, await_bound, await_next_hops, milliseconds, start_rack

GONE_LIMIT = 1e9


def sigterm(lab):
    """SIGTERM: no client connection lost, Cease with its text at BIRD, lo empty, exit status 0."""
    start_rack(lab, lab.nodes)
    node = lab.nodes[0]
    with RouteWatch(lab.tor, PREFIX) as watch:
        requests = Requests(lab.client, VIP, count=250, interval=0.01)
        time.sleep(1)
        asked = time.monotonic_ns()
        node.speaker.signal("TERM")
        changed = watch.wait(f"lost {node.name}", lambda hops: node.address not in hops, after=asked)
        expect_equal(node.speaker.exit_status(), 0, "the exit status")
        results = requests.results()
    expect(results[0]["end"] < changed < results[-1]["start"], "the client's requests do not span the departure")
    failed = [result for result in results if "error" in result]
    # When the ToR's ECMP group changes, the ToR itself sends packets of a running connection to another node.
    # The watch may hear of that late on a loaded machine, but not as late as the VIP leaves lo, 200 ms afterwards.
    late = 50_000_000
    rehashed = [result for result in failed if result["start"] <= changed + late and changed - late <= result["end"]]
    expect_equal(
        len(failed) - len(rehashed), 0, f"the number of lost connections ({failed}; the group changed at {changed})")
    expect(not node.has_vip(), "the VIP is still on lo")
    error = eventually("BIRD shows why the session ended", lambda: lab.bird.peer(node.name).get("Last error"))
    expect("Administrative shutdown" in error, f"BIRD's last error is {error!r}")
    message = lab.bird.peer(node.name).get("Message", "")
    expect("SIGTERM" in message, f"the shutdown communication at BIRD is {message!r}")
    await_next_hops(lab, lab.nodes[1:])
    return f'{len(results)} requests, {len(rehashed)} rehashed by the ToR; BIRD: "{error}" "{message}"'


def sigkill(lab):
    """SIGKILL: the route is gone at once; the next start adopts the VIP left on lo, or removes it if unhealthy."""
    start_rack(lab, lab.nodes)
    node = lab.nodes[0]
    with RouteWatch(lab.tor, PREFIX) as watch:
        asked = time.monotonic_ns()
        node.speaker.signal("KILL")
        took = watch.wait(f"lost {node.name}", lambda hops: node.address not in hops, after=asked) - asked
    expect(took <= GONE_LIMIT, f"out of the ToR's kernel after {milliseconds(took)}")
    expect(node.has_vip(), "the VIP is not on lo any more: this scenario shows nothing")
    node.speaker.start(node.environment(), ["run"])
    await_next_hops(lab, lab.nodes)
    await_bound(node, True)
    node.speaker.signal("TERM")
    expect_equal(node.speaker.exit_status(), 0, "the exit status")
    expect(not node.has_vip(), "the adopted VIP is still on lo after SIGTERM")
    node.speaker.start(node.environment(), ["run"])
    await_bound(node, True)
    node.speaker.signal("KILL")
    node.service.kill()
    expect(node.has_vip(), "the VIP is not on lo any more: this scenario shows nothing")
    node.speaker.start(node.environment(), ["run"])
    await_bound(node, False)
    await_next_hops(lab, lab.nodes[1:])
    return f"route gone after {milliseconds(took)}, the engine's own delay included"
