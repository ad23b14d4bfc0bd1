"""Reconnect: the router restarts, or clears a session. All programs side by side, each on a node of its own.

restart  the router's BIRD is killed (its kernel closes the connections), and started again 2 to 4 s later
reboot   the same, but the links are down meanwhile, and the router's kernel forgets the connections without a word
clear    `birdc restart` of one session after the other: a Cease, and the router accepts again at once

The router never dials: what is measured is when each program does.
"""

import random
import time
from pathlib import Path

from lab.waiting import Failed, eventually
from measures.campaign import Step, milliseconds
from measures.lab import ROUTER, Lab
from measures.machine import Noise
from measures.namespaces import inside
from measures.programs.program import Task
from measures.router import Router

EVENTS = ("restart", "reboot", "clear")
RUNS = 7
# openbgpd waits for 30 s, which all others would have to wait for too.
FEWER = {"openbgpd": 3}
# Started anew for every run, so that what they remember does not count against them: openbgpd doubles its pause unless a
# session lasts for a minute, and exabgp's pauses grow with every failed attempt as long as it runs.
REMEMBERING = ("exabgp", "openbgpd")
# How long a session has been up before the next event. bgpvip trusts one that has lasted for ten seconds.
STEADY, STEADY_OF = 1, {"bgpvip": 10.5}
# BIRD puts only routes of one origin and MED side by side into the kernel; gobgp has another origin, exabgp another MED.
ALIKE = "filter { bgp_origin = ORIGIN_IGP; bgp_med = 0; accept; }"
OFF = (2, 4)
LIMIT = 60
TIME_WAIT = "06"
# About what one run takes, and how much longer one with openbgpd.
SECONDS = {"restart": 14, "reboot": 15, "clear": 15}
WITH_SLOWER = 20


def plan(campaign, figures):
    """A step for each event."""
    programs = [program for program in campaign.programs if not program.shared_segment]
    slower = max((FEWER[program.name] for program in programs if program.name in FEWER), default=0)
    return [Step(event, 12 + campaign.runs(RUNS) * SECONDS[event] + min(slower, campaign.runs(RUNS)) * WITH_SLOWER,
                 lambda event=event: Reconnect(campaign, programs).measure(event))
            for event in EVENTS if event in figures and programs]


class Reconnect:
    """All programs, on a node each."""

    def __init__(self, campaign, kinds):
        self.campaign, self.kinds = campaign, kinds
        self.up = {}

    def measure(self, event):
        """One event so often."""
        with Lab(len(self.kinds)) as self.lab:
            lab = self.lab
            with inside(ROUTER):  # Of connections whose process is gone, the kernel has soon let go.
                Path("/proc/sys/net/ipv4/tcp_orphan_retries").write_text("1", encoding="ascii")
            self.router = Router(lab, "router", [(node, node.gateway) for node in lab.nodes],
                                 accept=ALIKE).wait_until_up()
            self.programs = {}
            for kind, node in zip(self.kinds, lab.nodes):
                lab.start_service(node)
                lab.set_vip(node, not kind.binds_vip)
                self.programs[node] = kind(lab, node, Task([node.gateway]))
            lab.start_instruments(client=False)
            begin = time.monotonic_ns()
            for program in self.programs.values():
                program.start()
            for node in self.programs:
                self.wait_until_back(node, begin)
            for run in range(self.campaign.runs(RUNS)):
                self.prepare(run)
                self.one(event, run)

    def prepare(self, run):
        """Ends the programs that have had all their runs, and starts anew those that remember the last one."""
        for node, program in list(self.programs.items()):
            if run >= self.campaign.runs(FEWER.get(program.name, RUNS)):
                self.programs.pop(node).end()
            elif run > 0 and program.name in REMEMBERING:
                ended = time.monotonic_ns()
                program.end()
                self.wait_until_back(node, max(self.wait_until_gone(node, ended), program.start()))

    def one(self, event, run):
        """One event, at a random moment."""
        for node, program in self.programs.items():
            steady = self.up[node] / 1e9 + STEADY_OF.get(program.name, STEADY)
            time.sleep(max(0, steady - time.monotonic()))
        time.sleep(random.random())
        noise = Noise()
        begin = self.clear() if event == "clear" else self.restart(silent=event == "reboot")
        for node in begin:
            try:
                self.wait_until_back(node, begin[node])
            except Failed as error:  # The others go on without it.
                self.campaign.note(str(error))
                self.campaign.record("error", self.programs[node].name, what=f"{event}: {str(error).splitlines()[0]}")
                self.programs.pop(node).end()
        time.sleep(0.1)
        for node, program in self.programs.items():
            established = self.lab.messages.established(node.address, begin[node]).get(node.gateway)
            self.campaign.record(
                event, program.name, noise=noise.cores(), run=run, established=milliseconds(established, begin[node]),
                routes=milliseconds(self.up[node], begin[node]))
            if program.has_ended():
                raise Failed(f"a process of {program.name} ended\n{self.lab.logs(*program.log_files())}")

    def restart(self, silent):
        """The router is away for a while; since when each node could be in its routes again."""
        if silent:
            for node in self.programs:
                self.lab.set_carrier(node, False)
        killed = self.router.kill()
        time.sleep(random.uniform(*OFF))
        if self.lab.routes.wait(lambda hops, _: not hops, killed, 1) is None:
            raise Failed("the router kept its routes")
        if silent:
            eventually("the router's kernel has let go of the connections", self.has_no_connections, pause=0.05)
        self.router.start()
        listening = self.router.wait_until_listening([node.gateway for node in self.programs])
        return {node: self.lab.set_carrier(node, True) if silent else listening[node.gateway] for node in self.programs}

    def has_no_connections(self):
        """True if the router's kernel has none, not even one without an owner; those that are over do not count."""
        with inside(ROUTER), open("/proc/thread-self/net/tcp", encoding="ascii") as table:
            return all(line.split()[3] == TIME_WAIT for line in table.readlines()[1:])

    def clear(self):
        """Clears one session after the other, with a pause after each; when each was cleared."""
        cleared = {}
        for node in random.sample(list(self.programs), len(self.programs)):
            cleared[node] = time.monotonic_ns()
            if not self.router.ask(f"restart {node.name}"):
                raise Failed("the router does not answer")
            self.wait_until_gone(node, cleared[node])
            time.sleep(random.uniform(0.2, 0.6))
        return cleared

    def wait_until_gone(self, node, since):
        """When the node left the router's kernel routes."""
        gone = self.lab.routes.wait(lambda hops, _: node.address not in hops, since, 30, meanwhile=self.router.nudge)
        return self.known(node, gone, "still")

    def wait_until_back(self, node, since):
        """When it came into them."""
        # While it is not yet gone, it is not back.
        gone = self.lab.routes.wait(lambda hops, _: node.address not in hops, since, 0) or since
        back = self.lab.routes.wait(lambda hops, _: node.address in hops, gone, LIMIT, meanwhile=self.router.nudge)
        self.up[node] = self.known(node, back, "not")

    def known(self, node, at, what):
        """The time, if there is one."""
        if at is None:
            raise Failed(f"{self.programs[node].name} is {what} a next hop after a while\n"
                         f"{self.lab.logs(*self.programs[node].log_files())}")
        return at
