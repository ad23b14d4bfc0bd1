"""The VIP on lo, and what others do there."""

import os
import time
from pathlib import Path

from lab.node import VIP
from lab.tor_config import bird_neighbors
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import PREFIX, await_bound, await_next_hops, peer_status, start_rack

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
    lab.bird.start(bird_neighbors([node]))
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
        shown = node.speaker.ask("peers")
        expect("waiting for the network: ens192 has no" in shown, f"`bgpvip peers` prints {shown!r}")
        expect(not node.has_vip(), "the VIP is on lo")
    finally:
        is_usable(True)
    await_next_hops(lab, [node])
    expect_equal(node.speaker.log().count("waiting for the network"), 1, "the lines that tell of waiting")


# Holds sockets and waits; its number is in /run/lab/holder.pid.
HOLDER = """
import os, socket, time
held = {held}
open("/run/lab/holder.pid", "w").write(str(os.getpid()))
time.sleep(600)
"""
METRICS = 9500


def hold(node, held):
    """Has a program on the node keep sockets; returns what ends it."""
    node.host.spawn("holder.log", "python3", "-c", HOLDER.format(held=held))
    eventually("the sockets are held", lambda: node.host.shell("cat /run/lab/holder.pid", check=False))
    return lambda: node.host.shell("kill $(cat /run/lab/holder.pid)")


def has_metrics(node):
    """Whether the metrics are served."""
    return "bgpvip_bgp_session_up" in node.host.run(
        "curl", "-sm", "2", f"http://127.0.0.1:{METRICS}/metrics", check=False)


def metrics_port_taken(lab):
    """Another program has the port for metrics: the VIP is served all the same, and the metrics once the port is free."""
    node = lab.nodes[0]
    release = hold(node, f"socket.create_server(('0.0.0.0', {METRICS}))")
    start_rack(lab, [node], BGPVIP_METRICS=f"127.0.0.1:{METRICS}")
    expect("metrics and health cannot be served" in node.speaker.log(), "the log does not say that the port is taken")
    expect(not has_metrics(node), "there are metrics although another program has the port: this scenario shows nothing")
    release()
    eventually("the metrics are served", lambda: has_metrics(node))
    expect_equal(node.speaker.log().count("metrics and health cannot be served"), 1, "the lines that tell of the port")


def descriptors_used_up(lab):
    """Clients of the metrics port use up all descriptors: the session stays, the loop does not spin, and all comes back."""
    node = lab.nodes[0]
    lab.bird.start(bird_neighbors([node]))
    node.service.start()
    # Both, because where an engine has defaults these are given up with the first.
    limits = ("--ulimit", "nofile=32:32", "--ulimit", "nproc=4096:4096")
    node.speaker.start(node.environment(BGPVIP_METRICS=f"127.0.0.1:{METRICS}"), ["run"], options=limits)
    await_next_hops(lab, [node])
    pid = node.speaker.inspect("{{.State.Pid}}")
    release = hold(node, f"[socket.create_connection(('127.0.0.1', {METRICS})) for _ in range(40)]")
    before, used = processor_time(pid), []
    for _ in range(20):
        time.sleep(0.25)
        used.append(len(os.listdir(f"/proc/{pid}/fd")))
    spent = processor_time(pid) - before
    expect(max(used) == 32, f"only {max(used)} descriptors are used: this scenario shows nothing")
    expect(spent < 0.5, f"{spent:.2f} s of processor time in 5 s")
    release()
    eventually("the metrics are served", lambda: has_metrics(node))
    # The check cannot connect without a descriptor.
    await_next_hops(lab, [node])
    expect_equal(peer_status(node)["flaps"], 0, "the number of flaps")
    return f"{spent:.2f} s of processor time in 5 s without descriptors"


def processor_time(pid):
    """The seconds of processor time that a process of this machine has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def no_net_admin(lab):
    """Without CAP_NET_ADMIN the VIP cannot be bound, so it is not advertised, and `bgpvip vips` says why."""
    node = lab.nodes[0]
    lab.bird.start(bird_neighbors([node]))
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
