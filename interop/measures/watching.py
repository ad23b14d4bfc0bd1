"""What the instruments have written, as it grows. All times are CLOCK_MONOTONIC in nanoseconds."""

import time
from collections import Counter

MS = 1_000_000


class Instrument:
    """A file that grows by lines, each with a time in front."""

    def __init__(self, path):
        self.path, self.file, self.rest, self.ready = path, None, "", False

    def lines(self):
        """The complete lines since the last call, split into words."""
        if self.file is None:
            if not self.path.exists():
                return []
            self.file = open(self.path, encoding="ascii")
        text = self.rest + self.file.read()
        complete, _, self.rest = text.rpartition("\n")
        found = [line.split() for line in complete.splitlines()]
        if not self.ready and found:
            self.ready = True
            found = found[1:]
        return found

    def is_ready(self):
        """True once the instrument has begun to watch."""
        self.poll()
        return self.ready

    def poll(self):
        """Takes in what is new."""


class Routes(Instrument):
    """The router's kernel routes: next hops of the VIP, number of other /32s."""

    def __init__(self, path):
        super().__init__(path)
        self.hops, self.count, self.events, self.lost = frozenset(), 0, [], False

    def poll(self):
        for at, what, *values in self.lines():
            if what == "vip":
                self.hops = frozenset(values)
            elif what == "count":
                self.count = int(values[0])
            else:
                self.lost = True
            self.events.append((int(at), self.hops, self.count))

    def wait(self, holds, since, seconds, meanwhile=lambda: None):
        """The first time at or after `since` when holds(next hops, count) is true; None if not within `seconds`."""
        deadline, position = time.monotonic() + seconds, 0
        while True:
            self.poll()
            for at, hops, count in self.events[position:]:
                if at >= since and holds(hops, count):
                    return at
            position = len(self.events)
            if time.monotonic() > deadline:
                return None
            meanwhile()
            time.sleep(0.004)


class Messages(Instrument):
    """BGP messages on the wire, as (time, from, to, ports, kind, detail)."""

    def __init__(self, path):
        super().__init__(path)
        self.seen = []

    def poll(self):
        for at, source, target, ports, kind, *detail in self.lines():
            self.seen.append((int(at), source, target, ports, kind, detail))

    def since(self, time_, source=None):
        """What passed since a time, in either direction or from one address."""
        self.poll()
        return [message for message in self.seen if message[0] >= time_ and source in (None, message[1])]

    def established(self, address, since):
        """For each router address, when the second of both sides' first KEEPALIVEs on one connection was seen."""
        first, times = {}, {}
        for at, source, target, ports, kind, _ in self.since(since):
            if kind != "KEEPALIVE" or address not in (source, target):
                continue
            router = target if source == address else source
            first.setdefault((router, canonical(ports)), {}).setdefault(source, at)
            both = first[router, canonical(ports)]
            if len(both) == 2:
                times.setdefault(router, max(both.values()))
        return times

    def first(self, address, since, wanted):
        """The first message from an address of which wanted(kind, detail) is true, as (time, words); or None."""
        for at, _, _, _, kind, detail in self.since(since, address):
            if wanted(kind, detail):
                return at, " ".join([kind, *detail]) if kind == "NOTIFICATION" else kind
        return None

    def updates(self, address, since):
        """The times of the UPDATEs with prefixes in them, announced or withdrawn."""
        return [at for at, _, _, _, kind, detail in self.since(since, address)
                if kind == "UPDATE" and detail != ["0", "0"]]


def canonical(ports):
    """The two ports of a connection, the same for both directions."""
    word = ports.zfill(8)
    return frozenset((word[:4], word[4:]))


def announces(kind, detail):
    """An UPDATE with at least one prefix announced."""
    return kind == "UPDATE" and int(detail[1]) > 0


def takes_back(kind, detail):
    """An UPDATE that withdraws, or the end of the session."""
    return kind in ("NOTIFICATION", "FIN", "RST") or kind == "UPDATE" and int(detail[0]) > 0


class Probes(Instrument):
    """When a health check began: a connection to the service or a request on one that was kept."""

    def __init__(self, path):
        super().__init__(path)
        self.times = []

    def poll(self):
        self.times += [int(at) for at, _ in self.lines()]

    def first(self, since):
        """The first at or after a time, or None."""
        self.poll()
        return next((at for at in self.times if at >= since), None)


class Client(Instrument):
    """Every connection of the client: (begun, duration, result, node); the result is ok or a reason."""

    def __init__(self, path):
        super().__init__(path)
        self.attempts = []

    def poll(self):
        for begun, duration, result, node in self.lines():
            self.attempts.append((int(begun), int(duration), result, node))

    def forget(self):
        """Drops what is long past."""
        self.poll()
        self.attempts = self.attempts[-2000:]

    def failures(self, begin, end):
        """What went wrong with the connections that began in a window: number, reasons, and how long it lasted."""
        self.poll()
        window = sorted(attempt for attempt in self.attempts if begin <= attempt[0] <= end)
        failed = [attempt for attempt in window if attempt[2] != "ok"]
        outage = (failed[-1][0] - failed[0][0]) / MS + 2 if failed else 0
        return {"failed": len(failed), "attempts": len(window), "outage": round(outage, 1),
                "reasons": dict(Counter(attempt[2] for attempt in failed))}

    def first_answer(self, since, wanted):
        """When the first connection begun after a time got its answer from a node that is wanted(name)."""
        self.poll()
        return min((begun + duration for begun, duration, result, node in self.attempts
                    if begun >= since and result == "ok" and wanted(node)), default=None)

    def holder(self, since):
        """The one node that answered since a time, if it is one."""
        self.poll()
        names = {node for begun, _, result, node in self.attempts if begun >= since and result == "ok"}
        return names.pop() if len(names) == 1 else None
