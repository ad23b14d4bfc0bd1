"""One bgpvip that never comes to rest, for some minutes: see `interop/soak --help`.

Its session flaps, its HTTPS check opens a connection for each probe and fails once a turn, it is scraped, drained and
reloaded. After the first five minutes its memory may grow by 0.3 MB, and its descriptors and threads not at all.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from lab.session import alone
from lab.tor_config import bird_neighbors
from lab.waiting import expect
from scenarios.rack import await_next_hops

WARM_UP = 5
GROWTH = 0.3


def turn(lab, node):
    """All that happens in a turn, about seven seconds; in the end the node is in service and at rest."""
    lab.tor.run("birdc", "disable", node.name)
    time.sleep(0.5)
    lab.tor.run("birdc", "enable", node.name)
    await_next_hops(lab, [node])
    node.service.kill()
    await_next_hops(lab, [])
    node.service.start()
    await_next_hops(lab, [node])
    node.speaker.ask("drain", "--wait")
    node.speaker.ask("undrain")
    node.speaker.ask("reload")
    for _ in range(10):
        node.host.run("curl", "-s", "-o", "/dev/null", "http://127.0.0.1:9179/metrics")
        node.speaker.ask("status")
    await_next_hops(lab, [node])
    time.sleep(1)


def figures(node):
    """Memory in MB, descriptors, threads; of the last two the fewest of ten looks, because a probe has some while it runs."""
    process = Path("/proc", node.speaker.inspect("{{.State.Pid}}"))
    descriptors, threads = [], []
    for _ in range(10):
        descriptors.append(len(os.listdir(process / "fd")))
        threads.append(len(os.listdir(process / "task")))
        time.sleep(0.07)
    memory = int((process / "status").read_text(encoding="ascii").split("VmRSS:")[1].split()[0]) / 1024
    return memory, min(descriptors), min(threads)


def soak(lab, minutes):
    """Turns for so long; prints a line each minute, and returns the exit status."""
    node = lab.nodes[0]
    lab.bird.start(bird_neighbors([node]))
    # A TLS handshake for each probe.
    node.service.close_connections("announced")
    node.start(BGPVIP_METRICS="9179", BGPVIP_SETTLE="100ms", BGPVIP_LINGER="100ms")
    await_next_hops(lab, [node])
    begun, turns, minute, warm = time.monotonic(), 0, 0, None
    while True:
        turn(lab, node)
        turns += 1
        passed = (time.monotonic() - begun) / 60
        if passed >= minute + 1 or passed >= minutes:
            minute, now = int(passed), figures(node)
            print(f"{passed:5.1f} min, {turns} turns: {now[0]:.2f} MB, {now[1]} descriptors, {now[2]} threads", flush=True)
            if passed >= min(WARM_UP, minutes / 2):
                warm = warm or now
                expect(now[0] - warm[0] <= GROWTH, f"memory has grown from {warm[0]:.2f} to {now[0]:.2f} MB")
                expect(now[1:] == warm[1:], f"descriptors and threads were {warm[1:]}, and are {now[1:]}")
        if passed >= minutes:
            print(f"memory after the first {min(WARM_UP, minutes / 2):.0f} minutes: {now[0] - warm[0]:+.2f} MB", flush=True)
            return 0


def main():
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="interop/soak", description="One bgpvip that never comes to rest, for some minutes: its memory, descriptors "
        "and threads must not grow.")
    parser.add_argument("minutes", type=float)
    options = parser.parse_args()
    return alone(lambda lab: soak(lab, options.minutes))


sys.exit(main())
