"""A tour of bgpvip in a rack of containers: see `interop/demo --help`."""

import argparse
import sys

from lab.engine import EngineError
from lab.fib import RouteWatch
from lab.node import VIP
from lab.session import Interrupted, opened_lab
from lab.waiting import Failed
from scenarios.rack import PREFIX, await_bound, await_next_hops, milliseconds, start_rack

INTRODUCTION = f"""
A rack: three nodes (n1, n2, n3), a top-of-rack router (tor) that runs BIRD, and a client behind it.
Each node runs an HTTPS service on port 6443 and, in a container FROM scratch, bgpvip.
bgpvip binds the virtual IP {VIP} to lo and advertises it by BGP while the service is healthy."""


class Tour:
    """Numbered steps, and commands with what they print."""

    def __init__(self):
        self.step = 0

    def say(self, text):
        """The next step."""
        self.step += 1
        print(f"\n{self.step}. {text}\n", flush=True)

    def show(self, host, command, output):
        """A command as an operator types it on a host, and its output."""
        print(f"    {host}$ {command}")
        for line in output.rstrip().splitlines():
            print(f"        {line.rstrip().expandtabs(4)}")
        sys.stdout.flush()

    def run(self, host, command):
        """Runs a command on a host and shows it."""
        self.show(host.name, command, host.shell(command, check=False))

    def ask(self, node, *arguments):
        """Asks the bgpvip of a node and shows it."""
        self.show(node.name, "bgpvip " + " ".join(arguments), node.speaker.ask(*arguments))


def tour(lab):
    """All steps."""
    steps, node, others = Tour(), lab.nodes[0], lab.nodes[1:]
    route = f"ip route show {VIP}"
    print(INTRODUCTION, flush=True)

    steps.say("All three nodes advertise the VIP: one route with three next hops in the ToR's kernel.")
    start_rack(lab, lab.nodes)
    steps.run(lab.tor, route)
    steps.say("A client opens 120 connections to the VIP; the ToR spreads them over the nodes.")
    steps.run(lab.client, f"for i in $(seq 120); do curl -sk https://{VIP}:6443/; done | sort | uniq -c")
    steps.say("What bgpvip knows: its sessions, its VIPs.")
    steps.ask(node, "peers")
    steps.ask(node, "vips")

    steps.say("The service of n1 crashes (SIGKILL).")
    with RouteWatch(lab.tor, PREFIX) as watch:
        killed = node.service.kill()
        gone = watch.wait("lost n1", lambda hops: node.address not in hops, after=killed)
        await_bound(node, False)
        print(f"    n1's next hop left the ToR's kernel {milliseconds(gone - killed)} after the kill.\n")
        steps.run(lab.tor, route)
        steps.ask(node, "vips")
        steps.say("The service of n1 starts again.")
        opened = node.service.start()
        back = watch.wait("has n1 again", lambda hops: node.address in hops, after=gone)
        print(f"    n1's next hop is back {milliseconds(back - opened)} after the service opened its port.\n")
        await_next_hops(lab, lab.nodes)
        steps.run(lab.tor, route)

    steps.say("Maintenance: bgpvip on n1 gets SIGTERM. It withdraws, ends the session with a reason, and takes the VIP off lo.")
    node.speaker.signal("TERM")
    status = node.speaker.exit_status()
    await_next_hops(lab, others)
    steps.run(lab.tor, "birdc show protocols all n1 | grep -E 'BGP state|Last error|Message'")
    steps.run(lab.tor, route)
    steps.show("n1", "ip -brief addr show lo", node.host.shell("ip -brief addr show lo"))
    print(f"    bgpvip's exit status: {status}")


def main():
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="interop/demo", description="Shows bgpvip at work in a small rack of containers, then removes it all.")
    parser.add_argument("--keep", action="store_true", help="leave the rack running")
    options = parser.parse_args()
    try:
        with opened_lab(options.keep) as lab:
            tour(lab)
    except (EngineError, Failed) as error:
        print(f"interop/demo: {error}", file=sys.stderr)
        return 1
    except Interrupted as signal:
        print(f"interop/demo: stopped by {signal}", file=sys.stderr)
        return 1
    print("\nDone; everything the demo started is gone again." if not options.keep else "")
    return 0


sys.exit(main())
