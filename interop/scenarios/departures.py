"""bgpvip goes away: asked to, or killed."""

import json
import tempfile
import time
from pathlib import Path

from lab.client import Requests, spread
from lab.fib import RouteWatch
from lab.node import TOR_AS, VIP
from lab.speaker import Speaker
from lab.tor_config import bird_neighbors
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import PREFIX, await_bound, await_next_hops, milliseconds, peer_status, start_rack

OTHER_VIP = "10.255.0.2"
GONE_LIMIT = 1e9
# Nanoseconds: how late the watch may hear of a change on a loaded machine.
LATE = 50_000_000


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
    rehashed = rehashed_at(changed, results)
    expect(not node.has_vip(), "the VIP is still on lo")
    error = eventually("BIRD shows why the session ended", lambda: lab.bird.peer(node.name).get("Last error"))
    expect("Administrative shutdown" in error, f"BIRD's last error is {error!r}")
    message = lab.bird.peer(node.name).get("Message", "")
    expect("SIGTERM" in message, f"the shutdown communication at BIRD is {message!r}")
    await_next_hops(lab, lab.nodes[1:])
    return f'{len(results)} requests, {len(rehashed)} rehashed by the ToR; BIRD: "{error}" "{message}"'


def rehashed_at(changed, results):
    """The failed requests that the change of the ToR's ECMP group explains; any other lost one fails the scenario.

    When the group changes, the ToR itself sends packets of a running connection to another node. The watch may hear of
    that late on a loaded machine, but not as late as the VIP leaves lo, 200 ms after the withdrawal.
    """
    failed = [result for result in results if "error" in result]
    rehashed = [result for result in failed if result["start"] <= changed + LATE and changed - LATE <= result["end"]]
    expect_equal(
        len(failed) - len(rehashed), 0, f"the number of lost connections ({failed}; the group changed at {changed})")
    return rehashed


def drain(lab):
    """Drain, ToR honours GRACEFUL_SHUTDOWN: out of ECMP while the node serves, no connection lost; undrain undoes it."""
    start_rack(lab, lab.nodes, BGPVIP_SETTLE="2s")
    node, others = lab.nodes[0], lab.nodes[1:]
    with RouteWatch(lab.tor, PREFIX) as watch:
        requests = Requests(lab.client, VIP, count=400, interval=0.01)
        time.sleep(1)
        asked = time.monotonic_ns()
        node.speaker.ask("drain", "--reason", "new kernel")
        changed = watch.wait(f"lost {node.name}", lambda hops: node.address not in hops, after=asked)
        route = lab.bird.route_of(PREFIX, node.name)
        expect_equal((route["local_pref"], route["community"]), ("0", "(65535,0)"), "the node's path in BIRD")
        expect(node.has_vip(), "the VIP has left lo while the node settles")
        said = node.speaker.ask("vips")
        expect("new kernel" in said and "GRACEFUL_SHUTDOWN" in said, f"`bgpvip vips` says {said!r}")
        eventually("the node is drained", lambda: "is drained: new kernel" in node.speaker.ask("vips"))
        expect(not node.has_vip(), "the VIP is still on lo")
        results = requests.results()
    rehashed = rehashed_at(changed, results)
    message = lab.bird.peer(node.name).get("Message", "")
    expect("new kernel" in message, f"the shutdown communication at BIRD is {message!r}")
    await_next_hops(lab, others)
    node.speaker.ask("undrain")
    await_next_hops(lab, lab.nodes)
    return (f"out of the ToR's kernel {milliseconds(changed - asked)} after the question; {len(results)} requests, "
            f"{len(rehashed)} rehashed by the ToR")


def drain_one_vip(lab):
    """Drain one of two VIPs: it leaves the ToR and lo, the other loses no request, and the sessions stay."""
    start_rack(lab, lab.nodes, {"vips": (VIP, OTHER_VIP)}, BGPVIP_VIP=f"{VIP},{OTHER_VIP}", BGPVIP_SETTLE="500ms")
    node, other = lab.nodes[0], f"{OTHER_VIP}/32"
    everybody = sorted(node.address for node in lab.nodes)
    eventually("the ToR has all next hops of the other VIP", lambda: lab.tor.next_hops(other) == everybody)
    since = peer_status(node)["stateSeconds"]
    requests = Requests(lab.client, OTHER_VIP, count=300, interval=0.01)
    said = node.speaker.ask("drain", VIP, "--wait", "--reason", "new certificate")
    expect("drained: new certificate" in said, f"`bgpvip drain {VIP} --wait` says {said!r}")
    await_next_hops(lab, lab.nodes[1:])
    expect(not node.has_vip(), "the VIP is still on lo")
    expect(node.has_vip(OTHER_VIP), "the other VIP has left lo")
    answered = spread(requests.results())
    expect_equal(lab.tor.next_hops(other), everybody, "the ToR's next hops of the other VIP")
    peer = peer_status(node)
    expect(peer["stateSeconds"] > since, "the session has restarted")
    expect_equal((peer["state"], peer["flaps"], peer["plannedEnds"]), ("Established", 0, 0), "the session")
    node.speaker.ask("undrain", VIP)
    await_next_hops(lab, lab.nodes)
    return f"requests to the other VIP: {answered}"


def quiet_clients(lab):
    """Drain: clients that only listen on a connection to the node get a reset, and no other client notices anything."""
    start_rack(lab, lab.nodes)
    node = lab.nodes[0]
    listening = lab.client.stream("python3", "/lab/quiet.py", VIP, "30", "5")
    expect_equal(listening.stdout.readline().strip(), "ready", "what the clients say")
    node.speaker.ask("drain", "--wait")
    output, errors = listening.communicate(timeout=30)
    expect_equal(listening.returncode, 0, f"the exit status of the clients ({errors})")
    clients = [json.loads(line) for line in output.splitlines()]
    of_node = [client["ended"] for client in clients if client["node"] == node.name]
    expect(of_node, f"no client had a connection to {node.name}")
    expect(None not in of_node, f"{of_node.count(None)} of {len(of_node)} clients of {node.name} heard nothing for 5 s")
    others = [client["ended"] for client in clients if client["node"] != node.name]
    expect_equal(set(others), {None}, "the ends of the other nodes' connections")
    return f"{len(of_node)} of {len(clients)} connections, all reset"


def drain_file(lab):
    """Drain file: there at the start, no session and no VIP; removed and made again, seen within moments."""
    node, others = lab.nodes[0], lab.nodes[1:]
    lab.bird.start(bird_neighbors(lab.nodes))
    for other in others:
        other.start()
    await_next_hops(lab, others)
    with tempfile.TemporaryDirectory(prefix="bgpvip-lab-") as directory:
        Path(directory).chmod(0o755)
        file = Path(directory, "drain")
        file.write_text("rack move\n")
        node.service.start()
        node.speaker.start(
            node.environment(BGPVIP_DRAIN_FILE="/drain/drain", BGPVIP_SETTLE="0s"), ["run"],
            directories={directory: "/drain"})
        eventually("the node is drained", lambda: "is drained: rack move" in node.speaker.ask("vips"))
        expect_equal(peer_status(node)["state"], "Idle", "the session's state")
        expect(not node.has_vip(), "the VIP is on lo")
        refusal = node.speaker.ask("undrain")
        expect_equal(refusal, "", "what `bgpvip undrain` prints although the file is there")
        with RouteWatch(lab.tor, PREFIX) as watch:
            removed = time.monotonic_ns()
            file.unlink()
            back = watch.wait(f"has {node.name}", lambda hops: node.address in hops, after=removed) - removed
            made = time.monotonic_ns()
            file.touch()
            out = watch.wait(f"lost {node.name}", lambda hops: node.address not in hops, after=made) - made
        eventually("the node is drained", lambda: "is drained: drain file" in node.speaker.ask("vips"))
    return f"in the ToR's kernel {milliseconds(back)} after the file went, out {milliseconds(out)} after it came"


def settings_error(lab):
    """What a killed bgpvip left on lo is taken off by a start that ends with an error in its settings."""
    node = lab.nodes[0]
    start_rack(lab, [node])
    wrong = {
        "a wrong value": (node.environment(BGPVIP_HOLD_TIME="2"), ["run"]),
        "no configuration file": (node.environment(), ["run", "--config", "/nonexistent"]),
        "a flag that there is not": (node.environment(), ["run", "--no-such-flag", "1"]),
    }
    for what, (environment, arguments) in wrong.items():
        node.speaker.signal("KILL")
        expect(node.has_vip(), "the VIP is not on lo any more: this scenario shows nothing")
        node.speaker.start(environment, arguments)
        expect_equal(node.speaker.exit_status(), 2, f"the exit status after {what}")
        expect(not node.has_vip(), f"the VIP is still on lo after {what}")
        node.speaker.start(node.environment(), ["run"])
        await_bound(node, True)
    # Beside an instance that lives, an error takes nothing.
    other = beside(node)
    other.start(node.environment(BGPVIP_HOLD_TIME="2"), ["run"])
    expect_equal(other.exit_status(), 2, "the exit status beside a daemon")
    other.remove()
    expect(node.has_vip(), "an error took the VIP of a daemon that lives")


def two_instances(lab):
    """Two instances with VIPs of their own on one node: each may come and go, and takes nothing of the other's."""
    node = lab.nodes[0]
    lab.bird.start(bird_neighbors([node]))
    node.service.start()
    # A session of its own, which the ToR does not have: its VIP is bound all the same.
    environment = node.environment(f"{node.router}:{TOR_AS}:::1179", BGPVIP_VIP=OTHER_VIP)
    second = beside(node)
    node.speaker.start(node.environment(), ["run"])
    await_bound(node, True)
    try:
        second.start(environment, ["run"])
        eventually("the second VIP is bound", lambda: node.has_vip(OTHER_VIP))
        for signal, is_left in (("KILL", True), ("TERM", False)):
            node.speaker.signal(signal)
            node.speaker.exit_status()
            expect_equal(node.has_vip(), is_left, f"whether the first VIP is on lo after SIG{signal}")
            expect(node.has_vip(OTHER_VIP), f"the second VIP is gone after SIG{signal}")
            # A third, which finds the second alive.
            node.speaker.start(node.environment(), ["run"])
            await_next_hops(lab, [node])
            expect(node.has_vip(OTHER_VIP), "the third instance took the second one's VIP")
        second.signal("KILL")
        second.exit_status()
        expect(node.has_vip(OTHER_VIP), "the second VIP is not on lo any more: this scenario shows nothing")
        node.speaker.signal("KILL")
        node.speaker.start(node.environment(), ["run"])
        eventually("what the second left is taken off", lambda: not node.has_vip(OTHER_VIP))
        await_bound(node, True)
    finally:
        second.remove()


def beside(node):
    """One more bgpvip on a node, in a container of its own."""
    other = Speaker(node.speaker.engine, node.speaker.image, node.host)
    other.container += "-2"
    return other


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
