"""bgpvip is killed or kept from running, again and again, at any moment."""

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from lab.fib import RouteWatch
from lab.node import VIP
from lab.resident import Resident
from lab.tor_config import bird_neighbors
from lab.waiting import eventually, expect_equal
from scenarios.hostile.limits import losses
from scenarios.rack import PREFIX, await_bound, peer_status, start_rack

# Seconds. What is kept from running for longer than six must be checked anew.
STALLS = [0.1 + 0.3 * number for number in range(20)]
KILLS = int(os.environ.get("BGPVIP_KILLS", "24"))
OTHER_VIP = "10.255.0.2"
# How bgpvip may be started after it was killed, and which of the two VIPs must be on lo then.
STARTS = {
    "as before": ({}, {VIP}),
    "with another VIP": ({"BGPVIP_VIP": OTHER_VIP}, {OTHER_VIP}),
    "with both": ({"BGPVIP_VIP": f"{VIP},{OTHER_VIP}"}, {VIP, OTHER_VIP}),
    "drained": ({"BGPVIP_DRAIN_FILE": "/run/lab/service.pid"}, set()),
    "with a service that is down": ({"BGPVIP_CHECK": "tcp://127.0.0.1:1"}, set()),
    "without a router": ({"BGPVIP_PEERS": "10.0.1.77:65000"}, {VIP}),
}


def hostile_stalls(lab):
    """Twenty times bgpvip is kept from running, for 0.1 to 5.8 s, with hold time 15 s: no route changes, no session ends."""
    start_rack(lab, lab.nodes, {"hold_time": 15}, BGPVIP_HOLD_TIME="15s")

    def stall(number):
        node = lab.nodes[number]
        pid = int(node.speaker.inspect("{{.State.Pid}}"))
        for seconds in STALLS[number::len(lab.nodes)]:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(seconds)
            os.kill(pid, signal.SIGCONT)
            time.sleep(1.5)
        return peer_status(node)["flaps"]
    with RouteWatch(lab.tor, PREFIX) as watch, ThreadPoolExecutor() as pool:
        flaps = list(pool.map(stall, range(len(lab.nodes))))
        expect_equal([losses(watch, node) for node in lab.nodes], [[], [], []], "changes that lost a node")
    expect_equal(flaps, [0, 0, 0], "flaps of the sessions")
    return f"{len(STALLS)} stalls, together {sum(STALLS):.0f} s"


def hostile_kills(lab):
    """SIGKILL at random moments, and another kind of start each time: on lo is what the last start is for, and nothing else."""
    lab.bird.start(bird_neighbors(lab.nodes, vips=(VIP, OTHER_VIP)))
    seed = random.SystemRandom().randrange(1_000_000)

    def kill(number):
        node, chance = lab.nodes[number], random.Random(f"{seed} {number}")
        node.service.start()
        bgpvip = Resident(lab.engine, lab.product, node, BGPVIP_SETTLE="0", BGPVIP_LINGER="0")
        for _ in range(KILLS // len(lab.nodes)):
            name = chance.choice(sorted(STARTS))
            settings, wanted = STARTS[name]
            node.host.run("rm", "-f", bgpvip.daemon.file)
            bgpvip.start(**settings)
            eventually("bgpvip runs", bgpvip.daemon.running, pause=0.01)
            if chance.random() < 0.5:
                time.sleep(chance.uniform(0, 0.5))
            else:
                await_vips(node, wanted, f"seed {seed}, started {name}")
            bgpvip.daemon.stop("KILL")
        bgpvip.start()
        await_vips(node, {VIP}, f"seed {seed}, the last start")
        eventually(f"the ToR has {node.name}", lambda: node.address in lab.tor.next_hops(PREFIX))
        bgpvip.stop()
        await_bound(node, False)
        await_vips(node, set(), f"seed {seed}, after the end")
    with ThreadPoolExecutor() as pool:
        list(pool.map(kill, range(len(lab.nodes))))
    return f"{KILLS // len(lab.nodes) * len(lab.nodes)} kills"


def await_vips(node, wanted, when):
    """Waits until exactly these of the VIPs are on lo."""
    eventually(f"{node.name} has {sorted(wanted)} on lo ({when})",
               lambda: {vip for vip in (VIP, OTHER_VIP) if node.has_vip(vip)} == wanted, 10, 0.05)


ALL = (hostile_stalls, hostile_kills)
