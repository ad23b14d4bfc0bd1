"""Writes interop/functions.order, the list of functions that interop/build lays out side by side.

Runs a build with symbols (made anew, or BGPVIP_BINARY) under Valgrind's callgrind from start to orderly end, with a
service that crashes and returns in between, and lists every function that ran.
"""

import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from lab.waiting import Failed, eventually
from measures.rack import Rack
from measures.service import start_service
from measures.speakers import Bgpvip

FILE = Path(__file__).resolve().parent.parent / "functions.order"
BUILD_ENVIRONMENT = {"SYMBOLS": "1"}


def add_arguments(parser):
    """The options."""
    parser.add_argument("--output", type=Path, default=FILE, metavar="FILE", help="where to write it")


def run(binary, options):
    """Profiles one life of the daemon; True if the list was written."""
    if shutil.which("valgrind") is None:
        raise Failed("this needs Valgrind: apt-get install --no-install-recommends valgrind")
    with Rack("order") as rack:
        # Valgrind cannot read the debug information of Swift.
        bare, profile = rack.directory / "bgpvip", rack.directory / "profile"
        subprocess.run(["objcopy", "--strip-debug", binary, bare], check=True)
        for router in rack.routers:
            router.start(debug="states")
        speaker = Profiled(rack, bare)
        speaker.profile = profile
        speaker.start()
        service = next(process for process in rack.processes if "service.py" in " ".join(process.args))
        time.sleep(3)
        service.kill()
        eventually("withdrawn", lambda: not any(router.has_route() for router in rack.routers))
        (rack.directory / "service.ready").unlink()
        start_service(rack)
        eventually("advertised again", speaker.is_advertising)
        time.sleep(3)
        speaker.process.send_signal(signal.SIGTERM)
        speaker.process.wait(30)
        names = {
            name.partition("'")[0]  # '2 marks a recursive call.
            for name in re.findall(r"^c?fn=\(\d+\) (.+)$", profile.read_text(encoding="utf-8"), re.M)}
    if len(names) < 1000:
        raise Failed(f"only {len(names)} functions ran: was the binary built with symbols?")
    options.output.write_text("".join(f"{name}\n" for name in sorted(names)), encoding="utf-8")
    print(f"{len(names)} functions written to {options.output}")
    return True


class Profiled(Bgpvip):
    """bgpvip under callgrind."""

    def spawn(self, *argv):
        return super().spawn(
            "valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={self.profile}", *argv)
