"""Writes interop/functions.order, the list of functions that interop/build lays out side by side.

Runs a build with symbols (made anew, or BGPVIP_BINARY) under Valgrind's callgrind from start to orderly end, with a
service that crashes and returns in between, and lists every function that ran. Needs valgrind and binutils.
"""

import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from lab.waiting import Failed, eventually
from measures.rack import VIP, Rack
from measures.service import start_service
from measures.speakers import Bgpvip

FILE = Path(__file__).resolve().parent.parent / "functions.order"
BUILD_ENVIRONMENT = {"SYMBOLS": "1"}


def add_arguments(parser):
    """The options."""
    parser.add_argument("--output", type=Path, default=FILE, metavar="FILE", help="where to write it")


def run(binary, options):
    """Profiles two lives of the daemon; True if the list was written."""
    if shutil.which("valgrind") is None:
        raise Failed("this needs Valgrind: apt-get install --no-install-recommends valgrind")
    always = profile(binary, asked=False)
    # What only answers questions comes behind, so that a daemon nobody asks does not map it.
    sometimes = profile(binary, asked=True) - always
    if len(always) < 1000:
        raise Failed(f"only {len(always)} functions ran: was the binary built with symbols?")
    options.output.write_text(
        "".join(f"{name}\n" for name in sorted(always) + sorted(sometimes)), encoding="utf-8")
    print(f"{len(always)} + {len(sometimes)} functions written to {options.output}")
    return True


def profile(binary, asked):
    """The functions that run from start to orderly end, with questions in between or without."""
    with Rack("order") as rack:
        # Valgrind cannot read the debug information of Swift.
        bare = rack.directory / "bgpvip"
        subprocess.run(["objcopy", "--strip-debug", binary, bare], check=True)
        for router in rack.routers:
            router.start(debug="states")
        speaker = Profiled(rack, bare)
        speaker.start()
        service = next(process for process in rack.processes if "service.py" in " ".join(process.args))
        time.sleep(3)
        if asked:
            for question in (["peers"], ["vips", "--json"], ["why", VIP]):
                speaker.ask(*question)
        service.kill()
        eventually("withdrawn", lambda: not any(router.has_route() for router in rack.routers))
        (rack.directory / "service.ready").unlink()
        start_service(rack)
        eventually("advertised again", speaker.is_advertising)
        time.sleep(3)
        speaker.process.send_signal(signal.SIGTERM)
        speaker.process.wait(30)
        return {
            name.partition("'")[0]  # '2 marks a recursive call.
            for name in re.findall(r"^c?fn=\(\d+\) (.+)$", speaker.profile.read_text(encoding="utf-8"), re.M)}


class Profiled(Bgpvip):
    """bgpvip under callgrind."""

    @property
    def profile(self):
        """Where callgrind writes."""
        return self.rack.directory / "profile"

    def spawn(self, *argv):
        return super().spawn(
            "valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={self.profile}", *argv)
