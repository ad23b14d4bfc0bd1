"""What can happen, and what it may cost."""

from dataclasses import dataclass, field

# Seconds: so long must sessions and BFD have been up, and the next hops complete, before the next fault. What a fault has
# begun shows within that time after its end: BFD needs 600 ms, a check 900 ms.
CALM = 1.5
BEGINNING = "the beginning"
# What happens without a fault if the machine stalls; the same in the course of some faults.
BFD_FALLS, CHECK_FAILS = "BFD goes down by itself", "a check fails by itself"
BFD, CHECK = (BFD_FALLS,), (CHECK_FAILS,)


@dataclass(frozen=True)
class Kind:
    """What an event may cost: for `bound` seconds after it, or after its end, connections may fail; with 0, only those that
    are open when the router changes its next hops. `brings` are the kinds that belong to it while it lasts."""

    bound: float = 0
    after_end: bool = False
    brings: tuple = ()
    # Whether the router may change its next hops because of it.
    moves: bool = True


# A check that hangs is found within 0.9 s, a dead path within 0.6 s.
KINDS = {
    BEGINNING: Kind(moves=False),
    "the service crashes": Kind(0.3, brings=CHECK),
    "the service hangs": Kind(1.5, brings=CHECK),
    "the link is cut": Kind(1.0, brings=BFD),
    "packets are lost": Kind(1.0, after_end=True, brings=BFD),
    "the VIP is deleted": Kind(0.3),
    "the router is killed": Kind(brings=BFD),
    "the router starts again": Kind(5.0, brings=BFD),
    "bgpvip is killed": Kind(brings=BFD),
    "bgpvip is frozen": Kind(brings=BFD + CHECK),
    "bgpvip is restarted": Kind(brings=BFD),
    "drain and undrain": Kind(brings=BFD),
    "drained by file": Kind(brings=BFD),
    "the disk is full": Kind(brings=BFD),
    "the disk is read-only": Kind(brings=BFD),
    "reload": Kind(moves=False),
    BFD_FALLS: Kind(5.0, brings=BFD),
    CHECK_FAILS: Kind(5.0, brings=CHECK),
}


@dataclass
class Event:
    """A fault, or what has happened without one. All times are in nanoseconds."""

    kind: str
    at: int
    node: str = ""
    # When the fault was over, and when the run noticed that everything was back. The run may be late: it waits for a
    # processor as everything else does.
    over: int = 0
    noticed: int = 0
    # Since when sessions and BFD had been up by then, as bgpvip says, and when the run last looked and something was lacking.
    up: int = 0
    lacking: int = 0
    # When everything was back, and until when the event explains anything: the account finds out.
    whole: int = 0
    back: int = 0
    failed: int = 0
    # Of those that failed, those that only stalls have put within the bound.
    stretched: int = 0
    moved: int = 0
    longest: float = 0
    # Lines of the timeline that this last event before them does not explain.
    unexplained: list = field(default_factory=list)

    def brings(self, kind, node, at):
        """True if something that happens to a node at a time belongs to this."""
        return self.node in (node, "") and kind in KINDS[self.kind].brings and self.at <= at <= self.back
