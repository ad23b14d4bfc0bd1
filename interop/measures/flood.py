"""A full table sent by mistake: memory of the speaker before, during and after, and whether its other session notices.

The first router sends --prefixes prefixes, five to a set of attributes; the second router, to which the speaker sends a
KEEPALIVE every second, notes when each arrives. bgpvip must keep both sessions, must never let the second router wait
for more than two seconds, and must not grow by more than 4 MiB. GoBGP is measured beside it.
"""

import contextlib
import datetime
import json
import re
import time
from pathlib import Path

from lab.waiting import Failed, eventually
from measures import figures
from measures.rack import Rack
from measures.speakers import Bgpvip, GoBGP

PER_ATTRIBUTES = 5
KEEPALIVE = 1
GROWTH_LIMIT = 4 << 20
GAP_LIMIT = 2.0
WATCH = 20
MIB = 1 << 20
# The table is filled beforehand and reaches BGP through a pipe, which is opened when the speaker is at rest.
TABLE = """\
ipv4 table everything;
protocol static origin {{ ipv4 {{ table everything; }};
include "{path}";
}}
protocol pipe flood {{ disabled; table everything; peer table master4; export all; import none; }}
"""


def add_arguments(parser):
    """The options."""
    parser.add_argument("--prefixes", type=int, default=1_000_000, metavar="N", help="how many are sent (1000000)")
    parser.add_argument("--only", choices=["bgpvip", "GoBGP"], help="measure this one only")
    parser.add_argument("--limit", type=int, default=300, metavar="SECONDS", help="time the flood may take (300)")


def run(binary, options):
    """Floods one after the other and prints the table; True if bgpvip is within its bounds."""
    rows = [["", "RSS MiB before", "largest", "after", "growth", "drained s", "CPU s", "prefixes", "UPDATEs",
             "flooded session", "other session", "KEEPALIVEs", "longest gap s"]]
    verdict = True
    for kind in (Bgpvip, GoBGP):
        if options.only in (None, kind.name):
            row, faults = flood(kind, binary, options)
            rows.append(row)
            for fault in faults:
                print(f"# {kind.name}: {fault}", flush=True)
            if kind is Bgpvip and faults:
                verdict = False
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
    print(f"{options.prefixes} prefixes, {PER_ATTRIBUTES} to a set of attributes. KEEPALIVEs are due at the other "
          f"router every {KEEPALIVE} s; they were counted, like the CPU time, from the beginning of the flood until "
          f"{WATCH} s after its end.")
    return verdict


def flood(kind, binary, options):
    """One flood: a row of the table, and what was wrong."""
    with Rack("flood") as rack:
        speaker, (flooding, other) = kind(rack, binary), rack.routers
        path = rack.directory / "routes.conf"
        write_routes(path, options.prefixes)
        flooding.start(more=TABLE.format(path=path), export='where proto = "origin"', debug="states, events")
        other.start()
        eventually(
            "the table is loaded",
            lambda: f"{options.prefixes} of" in flooding.ask("show", "route", "table", "everything", "count"), 120)
        speaker.start(keepalive=KEEPALIVE, **({"check": False} if kind is Bgpvip else {}))
        time.sleep(5)
        pid = speaker.process.pid
        before, spent = figures.rss(pid), figures.cpu(pid)
        sessions = [router.session_number() for router in rack.routers]
        figures.reset_peak(pid)
        began, clock = time.monotonic(), datetime.datetime.now()
        flooding.ask("enable", "flood")
        drained = wait_until_drained(rack, flooding, options) - began
        time.sleep(WATCH)
        spent = figures.cpu(pid) - spent
        largest, after = figures.peak(pid), figures.rss(pid)
        kept = [router.is_established() and router.session_number() == number
                for router, number in zip(rack.routers, sessions)]
        gaps = keepalive_gaps(other, clock)
        received, updates = count_received(speaker, flooding)
        faults = []
        if largest - before > GROWTH_LIMIT:
            faults.append(f"grew by {(largest - before) / MIB:.1f} MiB")
        faults += [f"the {name} session was lost" for name, held in zip(("flooded", "other"), kept) if not held]
        if not gaps or max(gaps) > GAP_LIMIT:
            faults.append(f"the other router waited for {max(gaps, default=float('inf')):.2f} s")
        # GoBGP is still busy with what it has taken from the socket.
        if kind is Bgpvip and received != options.prefixes:
            faults.append(f"{received} prefixes received")
        return [
            speaker.version(), *(f"{value / MIB:.1f}" for value in (before, largest, after, largest - before)),
            f"{drained:.1f}", f"{spent:.2f}", str(received), str(updates),
            *("kept" if held else "LOST" for held in kept),
            str(len(gaps)), f"{max(gaps, default=0):.2f}"], faults


def write_routes(path, count):
    """The routes as BIRD reads them: /24s from 20.0.0.0 on."""
    with open(path, "w", encoding="ascii") as file:
        for number in range(count):
            network, group = (20 << 24) + (number << 8), number // PER_ATTRIBUTES
            file.write(
                f"route {network >> 24}.{network >> 16 & 255}.{network >> 8 & 255}.0/24 blackhole {{ "
                f"bgp_path.prepend({100000 + group % 60000}); bgp_path.prepend({200000 + group // 60000}); "
                f"bgp_community.add((64512,{group % 65536})); }};\n")


def wait_until_drained(rack, flooding, options):
    """Returns when both ends of the flooded connection had been empty for half a second; when that began."""
    deadline, quiet = time.monotonic() + options.limit, None
    while time.monotonic() < deadline:
        time.sleep(0.02)
        now = time.monotonic()
        if queued(flooding.process.pid, flooding.address) or queued(rack.processes[-1].pid, flooding.address):
            quiet = None
            continue
        quiet = quiet or now
        # An empty queue means nothing while BIRD still prepares routes, so its own count is asked, but seldom.
        if now - quiet > 0.5:
            if exported(flooding) >= options.prefixes:
                return quiet
            quiet = None
            if not flooding.is_established():
                raise Failed(f"the flooded session was lost\n{rack.log(flooding.log.name)}")
    raise Failed(f"the flood took more than {options.limit} s")


def queued(pid, address):
    """Bytes that wait in either direction of the connections of a namespace to or from an address."""
    octets = "".join(f"{int(octet):02X}" for octet in reversed(address.split(".")))
    waiting = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
            _, local, remote, state, queues, *_ = line.split()
            if state == "01" and octets in (local.partition(":")[0], remote.partition(":")[0]):
                waiting += sum(int(queue, 16) for queue in queues.split(":"))
    return waiting


def exported(router):
    """How many prefixes BIRD has sent to the node."""
    found = re.search(r"^ +Routes: .*?(\d+) exported", router.ask("show", "protocols", "all", "node"), re.M)
    return int(found[1]) if found else 0


def count_received(speaker, flooding):
    """How many prefixes and UPDATEs the speaker says it got."""
    if isinstance(speaker, Bgpvip):
        peer = next(
            peer for peer in json.loads(speaker.ask("peers", "--json")) if peer["address"] == flooding.address)
        return peer["prefixesDiscarded"], peer["messagesReceived"]["update"]
    neighbor = json.loads(speaker.ask("neighbor", flooding.address, "-j"))
    return neighbor["afi_safis"][0]["state"]["received"], neighbor["state"]["messages"]["received"]["update"]


def keepalive_gaps(router, since):
    """Seconds between the KEEPALIVEs that arrived at a router since a time."""
    arrivals = []
    for line in router.lines():
        found = re.match(r"(\S+ \S+) <TRACE> node: Got KEEPALIVE", line)
        if found:
            arrivals.append(datetime.datetime.fromisoformat(found[1]))
    arrivals = [arrival for arrival in arrivals if arrival >= since]
    return [(later - earlier).total_seconds() for earlier, later in zip([since, *arrivals], arrivals)]
