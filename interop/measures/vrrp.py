"""VRRP, for comparison: the same events with keepalived, on a shared segment, on the node that holds the VIP.

There is no route in it. `routes` is then the first answer that a client gets from another node.
"""

import random
import signal
import time

from lab.waiting import Failed, eventually
from measures.campaign import Step, milliseconds
from measures.lab import Lab, SHARED_VIP
from measures.machine import Noise
from measures.namespaces import ip
from measures.programs.program import Task

RUNS = {"start": 3, "crash": 5, "term": 5, "kill": 5, "cut": 5}
SECONDS = {"start": 7, "crash": 8, "term": 8, "kill": 10, "cut": 10}


def plan(campaign, figures):
    """One step."""
    events = [event for event in RUNS if event in figures]
    seconds = 10 + sum(campaign.runs(RUNS[event]) * SECONDS[event] for event in events)
    return [Step(f"{program.name} {' '.join(events)}", seconds,
                 lambda program=program: Vrrp(campaign, program).measure(events))
            for program in campaign.programs if program.shared_segment and events]


class Vrrp:
    """One program, on three nodes of a shared segment."""

    def __init__(self, campaign, kind):
        self.campaign, self.kind = campaign, kind

    def measure(self, events):
        """Starts of one node alone, and then every event so often with three."""
        with Lab(3, shared=True) as self.lab:
            lab = self.lab
            for node in lab.nodes:
                lab.start_service(node)
            lab.start_instruments()
            self.programs = {node: self.kind(lab, node, Task([])) for node in lab.nodes}
            for run in range(self.campaign.runs(RUNS["start"]) if "start" in events else 0):
                self.start(run)
            for program in self.programs.values():
                program.start()
            time.sleep(5)
            for run in range(max(self.campaign.runs(RUNS[event]) for event in events)):
                for event in events:
                    if event != "start" and run < self.campaign.runs(RUNS[event]):
                        self.one(event, run)

    def start(self, run):
        """A cold start of the first node, while no other runs."""
        program, noise = self.programs[self.lab.nodes[0]], Noise()
        begin = program.start()
        answer = eventually("an answer", lambda: self.lab.client.first_answer(begin, lambda _: True), 30)
        self.campaign.record(
            "start", self.kind.name, noise=noise.cores(), run=run, after="alone", routes=milliseconds(answer, begin),
            client=milliseconds(answer, begin))
        program.end()
        self.lab.client.forget()
        time.sleep(0.5)

    def holder(self):
        """The node that answered last."""
        name = eventually("one node holds the VIP", lambda: self.lab.client.holder(time.monotonic_ns() - 500_000_000), 40)
        return next(node for node in self.lab.nodes if node.name == name)

    def one(self, event, run):
        """One event, at a random moment."""
        node = self.holder()
        program = self.programs[node]
        self.lab.client.forget()
        time.sleep(1.5 + random.random())
        noise = Noise()
        if event == "crash":
            begin = time.monotonic_ns()
            node.service.send(signal.SIGKILL)
        elif event == "cut":
            begin = self.lab.connect(node, False)
        else:
            begin = program.terminate() if event == "term" else program.kill()
        answer = eventually(
            "another node answers", lambda: self.lab.client.first_answer(begin, lambda name: name != node.name), 40)
        time.sleep(1)
        losses = self.lab.client.failures(begin - 5_000_000, answer + 250_000_000)
        self.campaign.record(
            event, self.kind.name, noise=noise.cores(), run=run, routes=milliseconds(answer, begin), **losses)
        if event == "crash":
            node.service.end()
            self.lab.start_service(node)
        elif event == "cut":
            self.lab.connect(node, True)
        else:
            program.end()
            if event == "kill":  # What a killed process leaves behind, a reboot would clear.
                try:
                    ip("-n", node.namespace, "address", "delete", f"{SHARED_VIP}/24", "dev", "eth0")
                except Failed:
                    pass
            program.start()
        time.sleep(4)
