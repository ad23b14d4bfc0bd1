"""The page docs/performance.md with its charts and its data, from the single runs of the bench."""

import json
import statistics
from pathlib import Path

from measures import charts, flood
from measures.campaign import as_text
from measures.programs import PROGRAMS
from measures.tables import Results, cell, markdown, plain

DOCS = Path(__file__).resolve().parents[2] / "docs"
EVENTS = {
    "crash": "service crashes", "hang": "service hangs", "sick": "service answers 500",
    "term": "program is stopped (SIGTERM)",
    "kill": "program is killed (SIGKILL)", "cut-bfd": "node dies, BFD 50 ms × 3", "cut": "node dies, hold time 9 s"}
MEANINGS = {
    "start": """Cold start
From right before the `exec` of the program's first process, with a service that is well. *Established*: the second of
both sides' first KEEPALIVEs is on the wire. *First UPDATE*: one with the VIP in it. *Next hop*: the node is a next hop of
the VIP in the router's kernel. *First answer*: the node answers a client. Milliseconds, as in all tables that follow
unless they say otherwise.""",
    "crash": """Service crash
SIGKILL to the service: the kernel refuses connections from then on. *Next hop gone*: the node is no next hop in the
router's kernel any more. *Failing probe*: the first packet of the health check that fails. Programs that only poll wait
for it for half of their interval on average. *Beyond it*: what the program and the router add. *On the wire*: the
withdrawal. *Clients' outage*: from the first to the last connection that failed. *Next hop back*: from the restart of the
service, at a random moment.""",
    "hang": """Service hangs
SIGSTOP to the service: connections are taken by the kernel and never answered. The check's own limit of one second is not
part of *beyond it*.""",
    "sick": """Service answers its check with 500
It still serves: no client may fail.""",
    "term": """Planned stop
SIGTERM to the program and its check.""",
    "kill": """Program killed
SIGKILL to all of its processes at once. The node's service is well.""",
    "cut": """Node death without BFD
The node's port leaves the bridge: nothing arrives any more, and no interface goes down. The router's hold timer decides.
It runs since the node was last heard of, and BIRD shortens it at random to 75 to 100 %. *Next hop back*: from the moment
the link is back. openbgpd and gobgp, which are long in coming back, have fewer runs.""",
    "cut-bfd": """Node death with BFD
The same, with BFD at 50 ms × 3 on both sides. What decides is the router's BFD: (100, 150] ms after the last packet.""",
    "restart": """Router restarts
The router's BIRD is killed (SIGKILL: its kernel closes the connections), its routes are removed, and it is started again
after 2 to 4 s. From the moment when it listens on port 179, known to a millisecond. The router never dials, so what is
measured is when the program does.

In this figure and the next two, all programs have a session with the same router, each on a node of its own. Before an
event every session has been up for a while, that of bgpvip for ten seconds or more: it is slower to return to one that
never lasts. openbgpd and exabgp are started anew before each run: the one doubles its pause of 30 s unless a session
lasts for a minute, the other waits for longer after every failed attempt of its life. openbgpd has fewer runs, as all
have to wait for it.""",
    "reboot": """Router reboots
The same, but the nodes' links have no carrier meanwhile, so that no FIN or RST arrives, and the router's kernel has
forgotten the connections. The router listens before the links are back. From the moment when the node's link is back.
Up to a second of it is the node's kernel, which asks for the router's MAC address once a second.""",
    "clear": """Session cleared
`birdc restart` of one session after the other: a NOTIFICATION (Cease, Administrative Reset), and the router takes a new
connection within a millisecond or so. From the command.""",
    "memory": """At rest
Two sessions (one with BFD), one VIP, checks every second; over 60 s. Everything is summed over all processes of a program,
with its check. All programs rest side by side: PSS is smaller where the same pages are used by several of them, which
helps BIRD, as the router is one too, and the check script in Python, which four of them use.""",
    "scale": """Many VIPs
N /32s on an established session: from the command (for `floor` a signal, for bgpvip the health check that passes) until
all are in the router's kernel, and out of it. Nobody puts the addresses on `lo` (bgpvip: `--bind false`). CPU of the way
in.""",
    "peers": """Many peers
From exec until the last of N sessions is Established; – where that took more than a minute. Each peer is a BIRD of its
own, all on this machine.""",
    "flood": """A full table by mistake
The router exports prefixes, five to a set of attributes. *Drained*: from Established until the router has sent all and
both ends of the connection are empty. CPU until the program is at rest again. A second session shows whether the
program is still there for others: it sends a KEEPALIVE every second, or every three where that cannot be set (exabgp,
openbgpd, floor).""",
}


def write(path, page=True):
    """Prints the comparison, and writes the page, charts and data unless told not to."""
    results = Results(json.loads(Path(path).read_text(encoding="utf-8")))
    print(plain(results.comparison()))
    if not page:
        return
    (DOCS / "performance.json").write_text(as_text(results.data()), encoding="utf-8")
    drawn = {"outage": outage(results), "memory": memory(results), "start": start(results)}
    for name, chart in drawn.items():
        (DOCS / f"performance-{name}.svg").write_text(chart, encoding="utf-8")
    (DOCS / "performance.md").write_text(text(results), encoding="utf-8")
    print(f"{DOCS / 'performance.md'} written")


def text(results):
    """The page."""
    parts = [f"""\
# Performance

bgpvip beside other programs that keep a VIP reachable. Each cell: the median of single runs, in brackets the smallest and
the largest, and how many times bgpvip's figure it is; – where the program has no such thing. Smaller is better everywhere.
`floor` is not a program to use: it is a few lines of C without any policy or safety, and shows what the kernel, the
router and the bench take by themselves.

<!-- `interop/bench report` writes this page from performance.json. -->

{markdown(results.comparison())}
![How long clients could not connect](performance-outage.svg)

![Memory](performance-memory.svg)

![Start and return](performance-start.svg)

## How it is measured

{machine(results)}
In network namespaces of that machine: a router, BIRD with kernel ECMP over three nodes, each behind a bridge of its own; on
each node a service, and the program under test, which checks the service every second (rise 1, fall 1, limit 1 s) and
advertises the VIP over eBGP; and a client that opens a new TCP connection through the VIP every 2 ms and gives up after
500 ms. The router never dials (`passive yes`, as leaf switches that listen for a range of neighbours) and never delays
a reconnect. All instruments write down CLOCK_MONOTONIC: what leaves the router's kernel routes (netlink), what passes on
the wire (packet socket), when a health check begins, every connection of the client. Events come at random moments, so
that nothing is in step with a check.

{noise(results)}
All programs run in the same lab, one at a time, with settings that favour them:

{programs(results)}
*installed* is the size of the packages, without Python, which exabgp and the check script need. keepalived is no BGP
speaker: all its nodes share one segment, one of them holds the VIP, and *next hop gone* is the first answer that a client
gets from another node.

What these figures cannot tell: there is one machine, so that router, nodes, client and instruments share its cores, and
differences below 0.2 ms mean nothing. Another router has other timers and another way into its forwarding table.

To repeat it, as root on Debian: `interop/bench`. It takes about an hour on two cores. `interop/bench --help` shows how
to measure less, or with other programs.

## Every figure
"""]
    for figure, meaning in MEANINGS.items():
        if results.select(figure):
            title, _, explanation = meaning.partition("\n")
            parts.append(f"### {title}\n\n{explanation}\n\n{markdown(results.detail(figure))}")
    failed = [f"* {run['program']}: {run['what']}" for run in results.select("error")]
    if failed:
        parts.append("### What could not be measured\n\n" + "\n".join(failed) + "\n")
    return "\n".join(parts)


def machine(results):
    """On what, and when."""
    times = {}
    for name, campaign in results.campaigns.items():
        about = campaign["machine"]
        times.setdefault(
            f"{'Virtual machine' if about['virtual'] else 'Machine'} with {about['cores']} cores ({about['processor']}), "
            f"{about['memory']}, Linux {about['kernel']}, {about['system']}", []).append(
            name + (" (a short one)" if campaign["quick"] else ""))
    return "".join(f"{about}. {'One run, begun' if len(begun) == 1 else 'Runs begun'} {', '.join(begun)}.\n"
                   for about, begun in times.items())


def noise(results):
    """How much others disturbed."""
    values = [run["noise"] for run in results.runs if "noise" in run]
    if not values:
        return ""
    quiet = sum(value <= 0.2 for value in values)
    return (f"{len(values)} single runs. The bench and all that it starts run in a CPU cgroup of high weight; meanwhile "
            f"others\ntook {statistics.median(values):.2f} cores in the median and {max(values):.2f} at most, less than 0.2 in "
            f"{100 * quiet // len(values)} % of the runs. The tables\nbelow show it for each figure; the single runs are in "
            f"[performance.json](performance.json).\n")


def programs(results):
    """Versions, checks, settings."""
    rows = [["", "version", "installed, MiB", "health check", "settings in its favour"]]
    for name in results.programs:
        about = next(campaign["programs"][name] for campaign in reversed(list(results.campaigns.values()))
                     if name in campaign["programs"])
        rows.append([name, about["version"], cell([about["kib"] / 1024], 1) if about["kib"] else "–",
                     PROGRAMS[name].check, PROGRAMS[name].tuning or "–"])
    return markdown(rows)


def each(results, figure, value, **where):
    """The values of every program."""
    return {program: results.values(figure, program, value, where) for program in results.programs}


def outage(results):
    """Clients' outage after every event."""
    return charts.bars("How long clients could not connect", "milliseconds", [
        (heading, each(results, event, "outage")) for event, heading in EVENTS.items()], digits=1)


def memory(results):
    """Memory at rest and at worst."""
    return charts.bars("Memory", "MiB", [
        ("at rest, all processes (RSS)", each(results, "memory", "rss", variant="")),
        ("at rest, its share (PSS)", each(results, "memory", "pss", variant="")),
        ("1 000 000 prefixes received, the BGP process at its largest (RSS)",
         each(results, "flood", "peak", prefixes=flood.PREFIXES)),
    ], digits=1)


def start(results):
    """How soon a node is in service."""
    return charts.bars("Start and return", "milliseconds", [
        ("from exec to the router's kernel", each(results, "start", "routes")),
        ("from a link that is back to the router's kernel", each(results, "cut", "restored")),
        ("from a router that listens again to the router's kernel", each(results, "restart", "routes")),
        ("from a reboot's end, when the link is back, to the router's kernel", each(results, "reboot", "routes")),
        ("from a session that was cleared to the router's kernel", each(results, "clear", "routes")),
        ("from exec to 256 sessions Established", each(results, "peers", "established", count=256)),
        ("10 000 VIPs into the router's kernel", each(results, "scale", "routes", count=10_000)),
    ], digits=1)
