"""What each fault may cost in each topology.

The limits leave room for a machine of two cores that is busy. Most come from one cause: the ToR sends a third of the
connections elsewhere when a node leaves and again when it is back, and a write that meets such a change is not
repeated.
"""

import math
from dataclasses import dataclass

from lab.kubernetes.cluster import DIRECT, EXTERNAL, HAPROXY, NGINX
from lab.waiting import expect


@dataclass(frozen=True)
class Limit:
    """Failed new connections, requests on kept ones and writes; seconds without an event on a quiet watch."""

    new: int
    kept: int = 10
    write: int = 12
    quiet: float = 6.0

    def allow(self, figures):
        """Whether the figures of a run are within the limits."""
        failed = tuple(figures.failed(kind) for kind in ("new", "kept", "write"))
        return (all(count <= most for count, most in zip(failed, (self.new, self.kept, self.write)))
                and figures.silences["quiet"][-1] <= self.quiet)

    def hold(self, figures):
        """Fails the scenario unless the figures of a run are within the limits."""
        expect(self.allow(figures), f"{figures}; at most {self}; {figures.errors()}; {figures.worst}")


# A client is cut off or moved elsewhere at once, or in time.
AT_ONCE = Limit(new=15)
# Noticed by BFD after 300 ms. A watch that only listens hears nothing from a node that has vanished, not even a RST.
BY_BFD = Limit(new=30, kept=30, quiet=math.inf)
# Noticed by a check's time limit, three times: a third of the connections fail meanwhile.
BY_TIMEOUT = Limit(new=220, kept=120, write=30, quiet=14.0)

LIMITS = {
    **{(topology, "sigkill"): AT_ONCE for topology in (DIRECT, NGINX)},
    # HAProxy's own check takes a second or two to find the dead backend, and connects elsewhere meanwhile.
    **{(topology, "sigkill"): Limit(new=50) for topology in (HAPROXY, EXTERNAL)},
    **{(topology, fault): AT_ONCE for topology in (DIRECT, HAPROXY, NGINX, EXTERNAL)
       for fault in ("sigterm", "proxy_killed", "reboot", "drain")},
    **{(topology, "cut"): BY_BFD for topology in (DIRECT, HAPROXY, NGINX, EXTERNAL)},
    # The other nodes' HAProxies have to find out by themselves that the backend is gone.
    (HAPROXY, "cut"): Limit(new=150, kept=60, write=30, quiet=math.inf),
    **{(topology, fault): BY_TIMEOUT for topology in (DIRECT, HAPROXY, NGINX, EXTERNAL)
       for fault in ("sigstop", "etcd_frozen")},
}
