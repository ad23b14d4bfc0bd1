"""Lays each failed connection and each change of the next hops to an event: a fault, or what logs and watchers have seen.

A machine that is busy stalls: the watchers say when, and for how long. Then BFD goes down or a check fails although no fault
has been provoked; the router or bgpvip has logged it. That is an event of its own, and is itself explained only by stalls.
"""

import errno
import os
import re

from faults.events import BFD_FALLS, CALM, CHECK_FAILS, KINDS, Event
from faults.timeline import Line

# Nanoseconds: how late the watch may hear of a change of the next hops.
LATE = 50_000_000
# A connection is answered within milliseconds. One that has been open for longer than that is not the doing of an event
# that comes only then.
OPEN = 250_000_000
# How long after the end of a fault everything must be back: with FRR, a start takes ten seconds.
RETURN = 30_000_000_000
# How long after it could have done so a run that is not starved notices that everything is back.
PROMPT = 500_000_000
# How soon the next hop goes after BFD or a check has failed.
RESPONSE = 1_000_000_000
# What of the timeline belongs to something unexplained, before it and after it.
BEFORE, AFTER = 4_000_000_000, 2_000_000_000
# A connection that has been moved is reset: its packets reach a node that knows nothing of it. One that is refused has reached
# a node without the service, and one without an answer a node without the VIP.
RESET = os.strerror(errno.ECONNRESET)
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


class NextHops:
    """The next hops of the router, from complete on, and which nodes came or went with each change."""

    def __init__(self, changes, nodes, stalls):
        self.changes, self.all = changes, {node.address: node.name for node in nodes}
        # Times and names, in the order of the changes.
        self.moves, group, before = [], [], set(self.all)
        for change, following in zip(changes, [*changes[1:], None]):
            group.append(change)
            # BIRD takes a route away and adds the new one: what is replaced at once counts with what replaces it.
            if following and following["at"] - change["at"] <= LATE + stalls.within(change["at"], following["at"]):
                continue
            steps = [set(step["nextHops"]) for step in group]
            # A node that only flickers has gone and come, too; that all are gone for a moment says nothing of any.
            names = {self.all.get(address, address) for step in [*filter(None, steps[:-1]), steps[-1]]
                     for address in before ^ step}
            self.moves += [(step["at"], names) for step in group]
            group, before = [], steps[-1]

    def is_whole(self, change):
        """True if every node is a next hop after a change."""
        return len(change["nextHops"]) == len(self.all)

    def whole(self, since):
        """When they were first complete and stayed so for a while, at or after a time; that time if they never were."""
        changes = [change for change in self.changes if change["at"] <= since][-1:]
        changes += [change for change in self.changes if change["at"] > since]
        if not changes or changes[0]["at"] > since:
            changes.insert(0, {"at": since, "nextHops": list(self.all)})
        for change, following in zip(changes, [*changes[1:], None]):
            at = max(since, change["at"])
            if self.is_whole(change) and (not following or following["at"] - at > CALM * 1e9):
                return at
        return since

    def without(self, node, start, end):
        """When a node was first without its next hop within a time; None if it was not."""
        return next((change["at"] for change in self.changes
                     if start <= change["at"] <= end and node not in map(self.all.get, change["nextHops"])), None)

    def whole_again(self, since):
        """When they were complete at the first change after a time; None if they never were."""
        return next((change["at"] for change in self.changes if since < change["at"] and self.is_whole(change)), None)


class Account:
    """What each event has cost; what no event explains is with the last one before it."""

    def __init__(self, faults, lines, changes, stalls, nodes):
        self.stalls = Stalls(stalls)
        self.hops = NextHops(changes, nodes, self.stalls)
        self.events = list(faults)
        for event in self.events:
            # Everything that may move is watched, so that the run need not be in time to know when it was still.
            event.whole = min(self.hops.whole(max(event.over, event.up, event.lacking)), event.noticed)
            event.back = min(event.noticed, event.whole + int(CALM * 1e9) + PROMPT)
        for at, kind, node in lapses(lines, nodes):
            if not any(event.brings(kind, node, at) for event in self.events):
                self.lapse(at, kind, node)
        self.events.sort(key=lambda event: event.at)

    def lapse(self, at, kind, node):
        """An event without a fault: over when the router has all next hops again, at once if it has kept them."""
        longest = int(KINDS[kind].bound * 1e9)
        end, back = at + longest + self.stalls.within(at, at + longest), at
        gone = self.hops.without(node, at - LATE, at + RESPONSE + self.stalls.within(at, at + RESPONSE))
        if gone is not None:
            back = max(at, min(self.hops.whole_again(gone) or end, end))
        event = Event(kind, at, node, over=back, noticed=back, whole=back, back=back)
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
            event, is_stretched = self.cause(start, end)
            if event:
                event.failed += 1
                event.stretched += is_stretched
                event.longest = max(event.longest, (start - event.at) / 1e9)
                continue
            event = self.moved(start, end) if failure["error"] == RESET else None
            if event:
                event.moved += 1
            else:
                self.keep(start, f"connection: {failure['error']} ({self.stalls.within(start, end) / 1e6:.0f} ms of stalls)")
        for change, move in zip(self.hops.changes, self.hops.moves):
            if not self.behind(*move):
                self.keep(change["at"], f"next hops {change['nextHops']}")
        for event in self.events:
            if event.whole - event.over > RETURN + self.stalls.within(event.over, event.whole):
                self.keep(event.whole, f"everything is back only {(event.whole - event.over) / 1e9:.1f} s after the end of: "
                          f"{event.kind}")

    def cause(self, start, end):
        """The last event within whose bound a connection began, and whether only stalls since then make the bound so long.
        When everything is back, an event explains nothing more; that is the only bound of an event without a fault."""
        for event in reversed(self.events):
            kind = KINDS[event.kind]
            if not kind.bound or event.at > end or start > event.back or not self.is_open(start, event.at):
                continue
            begun = event.over if kind.after_end else event.at
            spent = start - begun - int(kind.bound * 1e9)
            if event.kind in NEEDED or spent <= self.stalls.within(begun, start):
                return event, event.kind not in NEEDED and spent > 0
        return None, False

    def is_open(self, start, at):
        """True if a connection that began at `start` could still be good at a later time: stalls apart, it is answered at
        once."""
        return at - start <= OPEN + self.stalls.within(start, at)

    def moved(self, start, end):
        """The event behind a change of the next hops while a connection was open. The watch hears of a change after it, never
        before."""
        return next(filter(None, (self.behind(at, names) for at, names in self.hops.moves
                                  if start <= at <= end + LATE and self.is_open(start, at))), None)

    def behind(self, at, names):
        """The last event that may be behind a change of the next hops of some nodes: each of them needs one of its own or one
        of the router."""
        events = [event for event in reversed(self.events) if KINDS[event.kind].moves
                  # The log of a lapse may be later than its effect.
                  and event.at - (LATE if event.kind in NEEDED else 0) <= at <= event.back + LATE]
        if all(any(event.node in (name, "") for event in events) for name in names):
            return next((event for event in events if event.node in names or not event.node or not names), None)
        return None

    def keep(self, at, what):
        """Something unexplained."""
        last = max((event for event in self.events if event.at <= at), key=lambda event: event.at, default=self.events[0])
        last.unexplained.append(Line(at, "unexplained", what))

    def lateness(self):
        """How late the run itself was, which says nothing of bgpvip."""
        late = max((event.noticed - event.back for event in self.events), default=0)
        return f"the run noticed a return up to {late / 1e9:.1f} s late"


def around(event, lines):
    """What is unexplained after an event, and the timeline around it, in order."""
    times = [line.at for line in event.unexplained] + [event.at]
    first, last = min(times) - BEFORE, max(times) + AFTER
    return sorted(event.unexplained + [line for line in lines if first < line.at < last], key=lambda line: line.at)


def lapses(lines, nodes):
    """What the logs say of BFD and checks that fail: nanoseconds, kind and the node's name, in order."""
    names = {address: node.name for node in nodes for address in (node.address, node.router)}
    for line in lines:
        for kind, pattern in LAPSES:
            found = pattern.search(line.text)
            if found:
                yield line.at, kind, names[found[1]] if found.groups() else line.source.split()[0]
