"""Measures bgpvip beside other programs that keep a VIP reachable: see `interop/bench --help`."""

import argparse
import contextlib
import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from lab.waiting import Failed
from measures import bfd, cluster, failover, flood, machine, memory, order, peers, reconnect, report, scale, size, vrrp
from measures.campaign import Campaign, chosen
from measures.namespaces import PREFIX, remove_namespaces
from measures.programs import PROGRAMS

HERE = Path(__file__).resolve().parent
ARTEFACTS = HERE / "artefacts"
# What is measured, and by which module; `interop/bench` without a name measures all, in this order.
FIGURES = {
    "start": failover, "crash": failover, "hang": failover, "sick": failover, "term": failover, "kill": failover,
    "cut": failover, "cut-bfd": failover, "restart": reconnect, "reboot": reconnect, "clear": reconnect,
    "memory": memory, "scale": scale, "peers": peers, "flood": flood,
}
MODULES = (failover, vrrp, reconnect, memory, scale, peers, flood)
# Measurements of bgpvip alone, each a command with options of its own: a module with add_arguments(parser) and
# run(binary, options), which is true if all is well.
COMMANDS = {"size": size, "order": order, "bfd": bfd, "cluster": cluster}


class Interrupted(BaseException):
    """The user or the system asked the run to end."""


def main():
    """The command line; the exit status is 0 only if everything could be measured."""
    options = parse()
    try:
        if options.command == "report":
            report.write(options.results)
            return 0
        if os.geteuid() != 0:
            raise Failed("network namespaces need root")
        with exclusive():
            module = COMMANDS.get(options.command)
            PROGRAMS["bgpvip"].binary = fresh_copy(release_binary(getattr(module, "BUILD_ENVIRONMENT", {})))
            if module:
                return 0 if module.run(PROGRAMS["bgpvip"].binary, options) else 1
            return 0 if measure(options) else 1
    except (Failed, OSError, subprocess.SubprocessError) as error:
        print(f"interop/bench: {error}", file=sys.stderr)
    except Interrupted as number:
        print(f"interop/bench: stopped by {number}", file=sys.stderr)
    return 1


def parse():
    """The options."""
    parser = argparse.ArgumentParser(
        prog="interop/bench", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures bgpvip beside what else keeps a VIP reachable, in network namespaces of this machine.\n"
        "Needs root. Everything it makes is removed at the end, on Ctrl-C, and at the start of the next run.",
        epilog="figures: all (which is the default), or some of\n  " + " ".join(FIGURES) + "\n\n"
        "  interop/bench report [JSON]   writes docs/performance.md, its charts and its data; a run of all does it too\n"
        "  interop/bench size | order | bfd | cluster   about bgpvip alone; add `--help` for their options\n\n"
        "BGPVIP_BINARY names a static binary to measure, instead of what the project builds.")
    if sys.argv[1:2] and sys.argv[1] in COMMANDS:
        module = COMMANDS[sys.argv[1]]
        parser = argparse.ArgumentParser(prog=f"interop/bench {sys.argv[1]}", description=module.__doc__)
        module.add_arguments(parser)
        options = parser.parse_args(sys.argv[2:])
        options.command = sys.argv[1]
        return options
    parser.add_argument("figures", nargs="*", metavar="figure", help="what to measure")
    parser.add_argument("--programs", default=",".join(PROGRAMS), metavar="LIST", help="which programs (%(default)s)")
    parser.add_argument("--runs", type=int, metavar="N", help="how often, in place of each figure's own number")
    parser.add_argument("--quick", action="store_true", help="few runs and small numbers, to see whether all works")
    parser.add_argument("--results", type=Path, default=ARTEFACTS / "bench.json", metavar="JSON",
                        help="where single runs are added (%(default)s)")
    parser.add_argument("--bgpvip", default="", metavar="ARGUMENTS", help="more arguments for bgpvip, such as '--log -4'")
    options = parser.parse_args()
    options.command = "report" if options.figures[:1] == ["report"] else "measure"
    if options.command == "report":
        options.results = Path((options.figures[1:] or [options.results])[0])
        return options
    if options.figures in ([], ["all"]):
        options.figures = list(FIGURES)
    unknown = [*set(options.figures) - set(FIGURES), *set(options.programs.split(",")) - set(PROGRAMS)]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; see --help")
    return options


def measure(options):
    """Runs the figures side by side, prints their tables, and writes the page if wanted."""
    PROGRAMS["bgpvip"].arguments = shlex.split(options.bgpvip)
    with machine.large_share(PREFIX):
        campaign = Campaign(chosen([name for name in PROGRAMS if name in options.programs.split(",")]),
                            options.results, options.runs, options.quick)
        good = campaign.execute([step for module in MODULES for step in module.plan(campaign, options.figures)])
    whole = not (options.quick or options.runs or options.bgpvip) and set(options.figures) == set(FIGURES)
    report.write(options.results, page=whole and set(options.programs.split(",")) == set(PROGRAMS))
    return good


@contextlib.contextmanager
def exclusive():
    """One run at a time, on a machine without leftovers of an earlier one, whatever happens in between."""
    def interrupt(number, frame):
        raise Interrupted(signal.Signals(number).name)
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in signals:
        signal.signal(number, interrupt)
    with open(Path(tempfile.gettempdir()) / f"{PREFIX}.lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Failed("another run is under way") from error
        try:
            remove_namespaces()
            yield
        finally:
            for number in signals:
                signal.signal(number, signal.SIG_IGN)
            remove_namespaces()


def fresh_copy(binary):
    """A copy of the binary, written as an installation writes it.

    How a file came into the page cache makes up to 0.7 MiB of RSS: the linker writes it in another way.
    """
    ARTEFACTS.mkdir(exist_ok=True)
    copy = ARTEFACTS / "bench-bgpvip"
    copy.unlink(missing_ok=True)
    return Path(shutil.copy(binary, copy))


def release_binary(environment):
    """The path of the static binary: BGPVIP_BINARY, or what the project builds now."""
    # Taken out of the environment: there, bgpvip would read it as one of its settings.
    given = os.environ.pop("BGPVIP_BINARY", None)
    if given:
        if not os.access(given, os.X_OK):
            raise Failed(f"BGPVIP_BINARY={given}: there is no such program")
        return Path(given).resolve()
    print("# building the static release binary", file=sys.stderr, flush=True)
    built = subprocess.run(
        [HERE / "build"], env=os.environ | environment, stdout=subprocess.PIPE, text=True, check=False)
    if built.returncode != 0:
        raise Failed("interop/build failed")
    return Path(built.stdout.strip())


sys.exit(main())
