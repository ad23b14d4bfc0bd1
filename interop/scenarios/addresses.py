"""The VIP on lo, and what others do there."""

import time

from lab.node import VIP
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import PREFIX, await_bound, await_next_hops, peer_status, start_rack, tor_neighbors

FOREIGN = "10.254.0.1/32"
SETTLED = 2


def vip_removed(lab):
    """Someone takes the VIP off lo: it is put back."""
    node = lab.nodes[0]
    start_rack(lab, [node])
    node.host.run("ip", "addr", "del", PREFIX, "dev", "lo")
    removed = time.monotonic()
    await_bound(node, True)
    return f"back within {time.monotonic() - removed:.1f} s, looking included"


def foreign_address(lab):
    """Addresses that others put on lo are never touched, even a VIP."""
    node, other = lab.nodes[:2]
    node.host.run("ip", "addr", "add", FOREIGN, "dev", "lo")
    other.host.run("ip", "addr", "add", PREFIX, "dev", "lo")
    start_rack(lab, [node, other])
    for stopped in (node, other):
        stopped.service.kill()
    await_bound(node, False)
    expect(FOREIGN in node.host.addresses("lo"), "the foreign address is gone when the service died")
    for stopped in (node, other):
        stopped.speaker.signal("TERM")
        expect_equal(stopped.speaker.exit_status(), 0, "the exit status")
    expect(FOREIGN in node.host.addresses("lo"), "the foreign address is gone after SIGTERM")
    expect(PREFIX in other.host.addresses("lo"), "a VIP that someone else had put on lo is gone after SIGTERM")


def network_later(lab):
    """The node has no address yet when bgpvip starts: it says so and waits, and is in service once there is one."""
    node = lab.nodes[0]
    lab.bird.start(*tor_neighbors([node]))
    node.service.start()
    # Its link alone counts: a container has an address on the engine's network, too.
    environment = node.environment(BGPVIP_ROUTER_INTERFACE="ens192")
    del environment["BGPVIP_ROUTER_ID"]
    own = next(prefix for prefix in node.host.addresses("ens192") if prefix.startswith(f"{node.address}/"))

    def is_usable(usable):
        # An address that is not preferred is no candidate for the router ID, and the scenario keeps its routes.
        node.host.run("ip", "addr", "change", own, "dev", "ens192", "valid_lft", "forever",
                      "preferred_lft", "forever" if usable else "0")
    is_usable(False)
    try:
        node.speaker.start(environment, ["run"])
        eventually("the log says what is missing", lambda: "waiting for the network: ens192 has no" in node.speaker.log())
        expect(not node.has_vip(), "the VIP is on lo")
    finally:
        is_usable(True)
    await_next_hops(lab, [node])
    expect_equal(node.speaker.log().count("waiting for the network"), 1, "the lines that tell of waiting")


def no_net_admin(lab):
    """Without CAP_NET_ADMIN the VIP cannot be bound, so it is not advertised, and `bgpvip vips` says why."""
    node = lab.nodes[0]
    lab.bird.start(*tor_neighbors([node]))
    node.service.start()
    node.speaker.start(node.environment(), ["run"], capabilities=())
    lab.bird.await_established(node.name)
    time.sleep(SETTLED)
    expect_equal(lab.bird.routes(PREFIX), [], "BIRD's routes to the VIP")
    expect_equal(peer_status(node)["advertised"], 0, "the VIPs advertised")
    expect(not node.has_vip(), "the VIP is on lo")

    def reason():
        for vip in node.speaker.status("vips"):
            if vip["prefix"] == f"{VIP}/32" and "NET_ADMIN" in (vip.get("bindError") or ""):
                return vip["bindError"]
        return None
    said = eventually("`bgpvip vips` names CAP_NET_ADMIN", reason)
    return f'"{said}"'
