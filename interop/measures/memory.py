"""Memory, threads and processor time at rest: two peers Established, one VIP; bgpvip with an HTTPS check every second.

BIRD and GoBGP run beside it with the same two sessions and one route, and no health check. Each sample is a fresh start
of all three in racks of their own, at the same time; the figures are taken after --seconds of rest.
"""

import shlex
import statistics
import time
from contextlib import ExitStack

from lab.waiting import Failed
from measures import figures
from measures.rack import Rack
from measures.speakers import Bgpvip, Bird, GoBGP

SETTLING = 5
COLUMNS = (
    ("RSS MiB", "rss", 1048576, 1), ("PSS MiB", "pss", 1048576, 1), ("anonymous MiB", "anonymous", 1048576, 2),
    ("threads", "threads", 1, 0), ("processes", "processes", 1, 0), ("CPU s", "cpu", 1, 3),
)


def add_arguments(parser):
    """The options."""
    parser.add_argument("--samples", type=int, default=3, metavar="N", help="starts of each (3)")
    parser.add_argument("--seconds", type=int, default=60, metavar="N", help="rest of each sample (60)")
    parser.add_argument("--only", choices=["bgpvip", "BIRD", "GoBGP"], help="measure this one only")
    parser.add_argument("--no-check", action="store_true", help="bgpvip without a check, and so without TLS")
    parser.add_argument("--query", action="store_true", help="ask bgpvip for its peers once, which makes it write JSON")
    parser.add_argument("--extra", default="", metavar="ARGUMENTS", help="more arguments for bgpvip; the argument "
                        "parser is used only if one of them asks for it, such as '--log -4'")


def run(binary, options):
    """Takes all samples and prints the table; True if bgpvip's figures could be taken."""
    kinds = [kind for kind in (Bgpvip, Bird, GoBGP) if options.only in (None, kind.name)]
    samples = {kind: [] for kind in kinds}
    versions = {}
    for _ in range(options.samples):
        for kind, (version, figure) in sample(kinds, binary, options).items():
            versions[kind] = version
            if figure:
                samples[kind].append(figure)
    heading = f"CPU s in {options.seconds} s"
    rows = [["", *(heading if key == "cpu" else title for title, key, _, _ in COLUMNS)]]
    for kind in kinds:
        rows.append([versions[kind], *(cell(samples[kind], *column[1:]) for column in COLUMNS)])
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
    print(f"medians of {options.samples} (smallest–largest). PSS divides each page among the processes that have it: "
          "BIRD shares its own with the routers of the racks, libc with everything.")
    return Bgpvip not in samples or len(samples[Bgpvip]) == options.samples


def sample(kinds, binary, options):
    """Starts all speakers, lets them rest, and returns version and figures of each; no figures of one that failed."""
    results = {}
    with ExitStack() as stack:
        speakers = {}
        for kind in kinds:
            rack = stack.enter_context(Rack(kind.name.lower()))
            speaker = kind(rack, binary)
            results[kind] = (speaker.version(), None)
            for router in rack.routers:
                router.start()
            try:
                if kind is Bgpvip:
                    speaker.start(check=not options.no_check, extra=shlex.split(options.extra))
                    if options.query:
                        speaker.ask("peers")
                else:
                    speaker.start()
                speakers[kind] = speaker
            except Failed as error:
                print(f"# {error}", flush=True)
        time.sleep(SETTLING)
        before = {kind: figures.cpu(speaker.process.pid) for kind, speaker in speakers.items()}
        time.sleep(options.seconds)
        for kind, speaker in speakers.items():
            try:
                used = figures.cpu(speaker.process.pid) - before[kind]
                if not speaker.is_advertising():
                    raise Failed(f"{kind.name} lost its route or a session")
                results[kind] = (results[kind][0], figures.resident(speaker.process.pid) | {"cpu": used})
            except (Failed, OSError) as error:
                print(f"# {error}\n{speaker.rack.log(speaker.log)}", flush=True)
    return results


def cell(samples, key, unit, digits):
    """A median and its range."""
    values = sorted(sample[key] / unit for sample in samples)
    if not values:
        return "not taken"
    low, high, middle = (f"{value:.{digits}f}" for value in (values[0], values[-1], statistics.median(values)))
    return middle if low == high else f"{middle} ({low}–{high})"
