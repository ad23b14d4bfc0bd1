"""Lays each failed connection and each change of the next hops to an event: a fault, or what logs and watchers have seen.

A machine that is busy stalls: the watchers say when, and for how long. Then BFD goes down or a check fails although no fault
has been provoked; the router or bgpvip has logged it. That is an event of its own, and is itself explained only by stalls.
"""

import re

from faults.ground import BFD_FALLS, CHECK_FAILS, KINDS, Event
from faults.timeline import Line

# Nanoseconds: how late the watch may hear of a change of the next hops.
LATE = 50_000_000
# How long after the end of a fault everything must be back: with FRR, a start takes ten seconds.
RETURN = 30_000_000_000
# What BIRD, FRR and bgpvip log.
LAPSES = (
    (BFD_FALLS, re.compile(r"Session to (\S+) changed state from Up to Down")),
    (BFD_FALLS, re.compile(r"state-change: \[mhop:no peer:(\S+) .*\] up -> down")),
    (BFD_FALLS, re.compile(r"BFD says that the path is down; .*peer=(\S+)")),
    (CHECK_FAILS, re.compile(r"VIP is unhealthy")),
)
# Stalls that explain a lapse, and in which time before it, in nanoseconds: BFD detects after 600 ms, of which a packet may
# take 200 ms; a check has 500 ms for an answer, and fails when it has had none for 900 ms.
NEEDED = {BFD_FALLS: (400_000_000, 800_000_000), CHECK_FAILS: (450_000_000, 1_500_000_000)}


class Stalls:
    """When a processor was not to be had, whichever: periods that do not overlap."""

    def __init__(self, stalls):
        self.periods = []
        for at, end in sorted((stall["at"], stall["at"] + stall["late"]) for stall in stalls):
            if self.periods and at <= self.periods[-1][1]:
                self.periods[-1][1] = max(end, self.periods[-1][1])
            else:
                self.periods.append([at, end])

    def __str__(self):
        lengths = [end - at for at, end in self.periods]
        return (f"the machine stalled {len(lengths)} times for more than 10 ms, {sum(lengths) / 1e9:.1f} s in all, "
                f"{max(lengths, default=0) / 1e6:.0f} ms at the longest")

    def within(self, start, end):
        """Nanoseconds of a time that were stalls."""
        return sum(max(0, min(last, end) - max(first, start)) for first, last in self.periods)


class Account:
    """What each event has cost; what no event explains is with the last one before it."""

    def __init__(self, faults, lines, changes, stalls, nodes):
        self.stalls, self.changes = Stalls(stalls), changes
        self.events = list(faults)
        for at, kind, node in lapses(lines, nodes):
            if not any(event.brings(kind, node, at) for event in self.events):
                self.lapse(at, kind, node, len(nodes))
        self.events.sort(key=lambda event: event.at)

    def lapse(self, at, kind, node, nodes):
        """An event without a fault: over when the router has all next hops again."""
        longest = int(KINDS[kind].bound * 1e9)
        longest += self.stalls.within(at, at + longest)
        back = next((change["at"] for change in self.changes if at < change["at"] and len(change["nextHops"]) == nodes), at)
        back = min(back, at + longest)
        event = Event(kind, at, node, back, back)
        self.events.append(event)
        least, period = NEEDED[kind]
        stalled = self.stalls.within(at - period, at)
        if stalled < least:
            text = f"{kind}, with {stalled / 1e6:.0f} ms of stalls in the {period / 1e6:.0f} ms before"
            event.unexplained.append(Line(at, "unexplained", text))

    def settle(self, failures):
        """Accounts for connections and next hops."""
        for failure in failures:
            start, end = failure["start"], failure["end"]
            event = self.cause(start, end)
            if event:
                event.failed += 1
                event.longest = max(event.longest, (start - event.at) / 1e9)
                continue
            moves = [change for change in self.changes if start - LATE <= change["at"] <= end + LATE]
            event = next(filter(None, (self.behind(change) for change in moves)), None)
            if event:
                event.moved += 1
            else:
                self.keep(start, f"connection: {failure['error']} ({self.stalls.within(start, end) / 1e6:.0f} ms of stalls)")
        for change in self.changes:
            if not self.behind(change):
                self.keep(change["at"], f"next hops {change['nextHops']}")
        for event in self.events:
            if event.back - event.over > RETURN + self.stalls.within(event.over, event.back):
                self.keep(event.back, f"everything is back only {(event.back - event.over) / 1e9:.1f} s after the end")

    def cause(self, start, end):
        """The last event within whose bound a connection began; stalls since then make the bound longer. An event without a
        fault has no bound but its end."""
        for event in reversed(self.events):
            kind = KINDS[event.kind]
            begun = event.over if kind.after_end else event.at
            bound = kind.bound * 1e9 + self.stalls.within(begun, start)
            if event.at <= end and kind.bound and start <= (event.back if event.kind in NEEDED else begun + bound):
                return event
        return None

    def behind(self, change):
        """The last event that may be behind a change of the next hops."""
        return next((event for event in reversed(self.events) if event.at - LATE <= change["at"] <= event.back + LATE), None)

    def keep(self, at, what):
        """Something unexplained."""
        last = max((event for event in self.events if event.at <= at), key=lambda event: event.at, default=self.events[0])
        last.unexplained.append(Line(at, "unexplained", what))


def lapses(lines, nodes):
    """What the logs say of BFD and checks that fail: nanoseconds, kind and the node's name, in order."""
    names = {address: node.name for node in nodes for address in (node.address, node.router)}
    for line in lines:
        for kind, pattern in LAPSES:
            found = pattern.search(line.text)
            if found:
                yield line.at, kind, names[found[1]] if found.groups() else line.source.split()[0]
