"""Failover: three nodes with a program each; one of them is hit, and comes back.

start  from exec to Established, the first UPDATE, the next hop in the router's kernel, the first answer to a client
crash  SIGKILL to the service           hang  SIGSTOP to the service        sick  the service answers its check with 500
term   SIGTERM to the program           kill  SIGKILL to the program and its check
cut    the node's link is cut, and put back; cut-bfd: the same with BFD at 50 ms x 3
"""

import random
import signal
import time

from lab.waiting import Failed
from measures.campaign import Step, milliseconds
from measures.lab import Lab
from measures.machine import Noise
from measures.programs.program import Task
from measures.router import Router
from measures.watching import announces, takes_back

RUNS = {"crash": 7, "hang": 7, "sick": 7, "term": 7, "kill": 7, "cut": 7, "cut-bfd": 7}
# They take 27 and 8 s more each time.
FEWER = {("openbgpd", "cut"): 3, ("gobgp", "cut"): 3}
# About what one run of each takes.
SECONDS = {"crash": 2.6, "hang": 3.6, "sick": 2.6, "term": 3, "kill": 3, "cut": 10, "cut-bfd": 3.5}
SLOWER = {"gobgp": {"term": 7, "kill": 7, "cut": 8}, "openbgpd": {"cut": 27}}
BFD = 50
# A client's attempt is over after 500 ms; and what fails late belongs to the event too.
AFTERMATH = 0.25
PATIENCE = 0.5
# What makes the service ill, and well again.
SIGNALS = {
    "crash": (signal.SIGKILL, None), "hang": (signal.SIGSTOP, signal.SIGCONT), "sick": (signal.SIGUSR1, signal.SIGUSR2)}


def plan(campaign, figures):
    """A step for each program; cut-bfd is one of its own."""
    steps = []
    for program in campaign.programs:
        if program.shared_segment:
            continue
        events = [event for event in RUNS if event in figures and event != "cut-bfd"]
        if "start" in figures and not {"term", "kill"} & set(events):
            events.append("kill")
        for wanted, bfd in ((events, None), (["cut-bfd"], BFD)):
            if wanted and (bfd is None or ("cut-bfd" in figures and program.speaks_bfd())):
                seconds = 5 + sum(
                    runs(campaign, program, event) * (SECONDS[event] + SLOWER.get(program.name, {}).get(event, 0))
                    for event in wanted)
                steps.append(Step(
                    f"{program.name} {' '.join(wanted)}", seconds,
                    lambda program=program, wanted=wanted, bfd=bfd: Failover(campaign, program, bfd).measure(wanted)))
    return steps


def runs(campaign, kind, event):
    """How often an event is measured."""
    return campaign.runs(FEWER.get((kind.name, event), RUNS[event]))


class Failover:
    """One program, on three nodes."""

    def __init__(self, campaign, kind, bfd):
        self.campaign, self.kind, self.bfd = campaign, kind, bfd
        self.run = 0

    def measure(self, events):
        """Every event so often, on one node after the other."""
        with Lab(3) as self.lab:
            lab = self.lab
            self.router = Router(lab, "router", [(node, node.gateway) for node in lab.nodes], bfd=self.bfd).wait_until_up()
            self.programs = {}
            for node in lab.nodes:
                lab.start_service(node)
                lab.set_vip(node, not self.kind.binds_vip)
                self.programs[node] = self.kind(lab, node, Task([node.gateway], bfd=self.bfd))
            lab.start_instruments()
            for program in self.programs.values():
                program.start()
            self.wait_until_whole(60)
            time.sleep(1)
            for self.run in range(max(runs(self.campaign, self.kind, event) for event in events)):
                self.node = lab.nodes[self.run % len(lab.nodes)]
                self.program = self.programs[self.node]
                for event in events:
                    if self.run < runs(self.campaign, self.kind, event):
                        self.one(event)
            for program in self.programs.values():
                program.end()

    def one(self, event):
        """One event, at a random moment, from a state in which all is well to the next."""
        self.wait_until_whole(60)
        self.lab.client.forget()
        time.sleep(0.2 + random.random())
        self.noise = Noise()
        if event in SIGNALS:
            self.hit_service(event)
        elif event in ("term", "kill"):
            self.hit_program(event)
        else:
            self.cut_link(event)
        if self.program.has_ended():
            raise Failed(f"a process ended after {event}\n{self.lab.logs(*self.program.log_files())}")

    def wait_until_whole(self, seconds):
        """Until all three nodes are next hops."""
        addresses = {node.address for node in self.lab.nodes}
        if self.lab.routes.wait(lambda hops, _: addresses <= self.lab.routes.hops, 0, seconds) is None:
            missing = next(node for node in self.lab.nodes if node.address not in self.lab.routes.hops)
            raise Failed(f"{missing.name} is not a next hop within {seconds} s\n"
                         f"{self.lab.logs(*self.programs[missing].log_files())}")

    def gone(self, since, seconds=30):
        """When the node left the router's kernel routes."""
        return self.lab.routes.wait(
            lambda hops, _: self.node.address not in hops, since, seconds, meanwhile=self.router.nudge)

    def back(self, since, seconds=90):
        """When it came into them."""
        return self.lab.routes.wait(lambda hops, _: self.node.address in hops, since, seconds)

    def losses(self, begin, gone):
        """What clients noticed, once their last attempts are over."""
        end = (gone or time.monotonic_ns()) + int(AFTERMATH * 1e9)
        time.sleep(max(0, end / 1e9 + PATIENCE + 0.05 - time.monotonic()))
        return self.lab.client.failures(begin - 5_000_000, end)

    def hit_service(self, event):
        """The service fails in one way or another, and is well again later."""
        service = self.node.service
        begin = time.monotonic_ns()
        service.send(SIGNALS[event][0])
        gone = self.gone(begin)
        losses = self.losses(begin, gone)
        told = self.lab.messages.first(self.node.address, begin, takes_back)
        probe = self.lab.probes[self.node].first(begin)
        noise = self.noise.cores()
        time.sleep(random.random())  # Not in step with the checks.
        well = time.monotonic_ns()
        if event == "crash":
            service.end()
            self.lab.start_service(self.node)
            well = self.node.service.started()
        else:
            service.send(SIGNALS[event][1])
        timeout = 1000 if event == "hang" else 0
        beyond = milliseconds(gone, probe)
        self.campaign.record(
            event, self.kind.name, noise=noise, run=self.run, routes=milliseconds(gone, begin),
            probe=milliseconds(probe, begin), beyond=None if beyond is None else beyond - timeout,
            wire=milliseconds(told and told[0], begin), restored=milliseconds(self.back(well), well), **losses)

    def hit_program(self, event):
        """The program ends, and is started again."""
        begin = self.program.terminate() if event == "term" else self.program.kill()
        gone = self.gone(begin)
        deadline = time.monotonic() + 10
        while not all(process.has_ended() for process in self.program.processes) and time.monotonic() < deadline:
            time.sleep(0.005)
        ended = time.monotonic_ns()
        losses = self.losses(begin, gone)
        told = self.lab.messages.first(self.node.address, begin, takes_back)
        self.program.end()
        self.campaign.record(
            event, self.kind.name, noise=self.noise.cores(), run=self.run, routes=milliseconds(gone, begin),
            wire=milliseconds(told and told[0], begin), said=told and told[1], ended=milliseconds(ended, begin), **losses)
        self.start(event)

    def start(self, after):
        """A cold start."""
        self.noise = Noise()
        begin = self.program.start()
        routes = self.back(begin)
        time.sleep(0.3)
        told = self.lab.messages.first(self.node.address, begin, announces)
        established = self.lab.messages.established(self.node.address, begin).get(self.node.gateway)
        answer = self.lab.client.first_answer(begin, lambda name: name == self.node.name)
        self.campaign.record(
            "start", self.kind.name, noise=self.noise.cores(), run=self.run, after=after,
            established=milliseconds(established, begin), update=milliseconds(told and told[0], begin),
            routes=milliseconds(routes, begin), client=milliseconds(answer, begin))

    def cut_link(self, event):
        """The node dies as far as anyone can see; later its link is back."""
        begin = self.lab.connect(self.node, False)
        gone = self.gone(begin)
        losses = self.losses(begin, gone)
        heard = [message[0] for message in self.lab.messages.since(0, self.node.address)
                 if message[0] <= begin and message[4] in ("KEEPALIVE", "UPDATE")]
        noise = self.noise.cores()
        connected = self.lab.connect(self.node, True)
        self.campaign.record(
            event, self.kind.name, noise=noise, run=self.run, routes=milliseconds(gone, begin),
            since_heard=milliseconds(gone, heard[-1]) if heard else None,
            restored=milliseconds(self.back(connected), connected), **losses)
