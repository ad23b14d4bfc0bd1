"""Memory is used up amid a flood: bgpvip goes on, or it ends and its supervisor starts it again, and nothing is left wrong."""

import resource
import time
from pathlib import Path

from lab.bird import Bird
from lab.fib import RouteWatch
from lab.node import TOR_AS
from lab.tor_config import bird_neighbors
from lab.waiting import eventually, expect, expect_equal
from scenarios.hostile.limits import HOLD_TIME, LEAVING, losses
from scenarios.hostile.neighbours import SPINE, doing
from scenarios.rack import PREFIX, TO_THE_NODES, await_bound, await_next_hops

# Octets beyond what bgpvip uses before the flood.
ROOMS = (0, 2 << 20)
# Of the container at its start, in MB, without swap; and how long the flood goes on, and within how long the route must be back
# after it, in seconds.
MEMORY, SECONDS, BACK = 64, 4, 10


def hostile_memory(lab):
    """Memory is used up by a flood, in the cgroup or because allocations fail: bgpvip goes on, or ends and is started again."""
    node = lab.nodes[0]
    lab.bird.start(bird_neighbors([node], hold_time=HOLD_TIME))
    Bird(lab.spine, SPINE).start(TO_THE_NODES, bird_neighbors([node], local=SPINE, multihop=2))
    node.service.start()
    said = []
    for kind in (Group, Data):
        outages = [suffer(lab, node, kind, room) for room in ROOMS]
        expect(any(outages), f"bgpvip goes on within each limit of {kind.name}: nothing was used up")
        said.append(f"{kind.name}: {sum(map(bool, outages))} of {len(ROOMS)} limits end bgpvip, which is back "
                    f"{max(outages):.1f} s after the route was lost")
    return "; ".join(said)


def suffer(lab, node, kind, room):
    """A bgpvip with a limit and a flood, which ends in order afterwards.

    Returns for how many seconds the route was lost, 0 if bgpvip has gone on.
    """
    name = f"{kind.name} with {room >> 10} KiB of room"
    environment = node.environment(
        f"{node.router}:{TOR_AS},{SPINE}:{TOR_AS}::2", BGPVIP_HOLD_TIME=f"{HOLD_TIME}s", BGPVIP_LISTEN=node.address)
    node.speaker.start(environment, ["run"], ("NET_ADMIN", "NET_BIND_SERVICE"), options=(
        "--restart", "on-failure", "--memory", f"{MEMORY}m", "--memory-swap", f"{MEMORY}m"))
    await_next_hops(lab, [node])
    with RouteWatch(lab.tor, PREFIX) as watch:
        pid, begun = running(node), time.monotonic_ns()
        limit = kind(pid)
        limit.set(limit.used() + room)
        with doing(lab.spine, ("opens", SPINE, node.address, str(TOR_AS))):
            time.sleep(SECONDS)
        eventually(f"bgpvip runs ({name})", lambda: running(node))
        goes_on = running(node) == pid
        if goes_on:
            # A command in the container needs memory of its own.
            limit.lift()
        await_next_hops(lab, [node], BACK)
    await_bound(node, True)
    expect_equal([peer["state"] for peer in node.speaker.status("peers") if peer["address"] == node.router],
                 ["Established"], f"the session ({name})")
    lost = losses(watch, node, begun)
    expect(goes_on == (not lost), f"bgpvip {'goes on' if goes_on else 'has ended'} ({name}), and the route: {watch.changes}")
    asked = time.monotonic()
    node.speaker.signal("TERM")
    expect_equal(node.speaker.exit_status(), 0, f"the exit status ({name})")
    expect(time.monotonic() - asked <= LEAVING, f"the end takes {time.monotonic() - asked:.1f} s ({name})")
    await_bound(node, False)
    if goes_on:
        return 0
    return (max(change["at"] for change in watch.changes if change["nextHops"]) - lost[0]["at"]) / 1e9


def running(node):
    """The number of bgpvip's process, 0 if there is none."""
    return int(node.speaker.inspect("{{.State.Pid}}") or 0)


class Group:
    """The memory of the container's cgroup, version 1 or 2: the kernel kills what needs more."""

    name = "the cgroup"

    def __init__(self, pid):
        mounts = [line.split() for line in Path("/proc/mounts").read_text(encoding="ascii").splitlines()]
        groups = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii").splitlines()]
        first = next((group for _, names, group in groups if "memory" in names.split(",")), None)
        # Version 2 has one hierarchy, which is listed last.
        group = first or groups[-1][2]
        mount = next(fields[1] for fields in mounts if fields[2] == ("cgroup" if first else "cgroup2")
                     and (not first or "memory" in fields[3].split(",")))
        directory = Path(mount + group)
        self.file = directory / ("memory.limit_in_bytes" if first else "memory.max")
        self.usage = directory / ("memory.usage_in_bytes" if first else "memory.current")

    def used(self):
        """What is used, in octets."""
        return int(self.usage.read_text(encoding="ascii"))

    def set(self, octets):
        """No more than this from now on."""
        self.file.write_text(str(octets), encoding="ascii")

    def lift(self):
        """As before."""
        self.set(MEMORY << 20)


class Data:
    """RLIMIT_DATA, the mappings of the process: an allocation that needs more fails, and no thread can be made."""

    name = "RLIMIT_DATA"

    def __init__(self, pid):
        self.pid = pid

    def used(self):
        """What is used, in octets."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmData:")[1].split()[0]) << 10

    def set(self, octets):
        """No more than this from now on."""
        resource.prlimit(self.pid, resource.RLIMIT_DATA, (octets, resource.RLIM_INFINITY))

    def lift(self):
        """As before."""
        self.set(resource.RLIM_INFINITY)


ALL = (hostile_memory,)
