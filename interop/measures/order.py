"""Writes interop/functions.order, the list of functions that interop/build lays out side by side.

Runs a build with symbols (made anew, or BGPVIP_BINARY) under Valgrind's callgrind from start to orderly end, with a
service that crashes and returns in between, and lists every function that ran. What runs in between comes first: what
only the start needs is given back (StartCode.swift). Another life serves Services of type LoadBalancer. Needs valgrind
and binutils.
"""

import argparse
import contextlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from lab.waiting import Failed, eventually
from measures.cluster import Bench
from measures.lab import VIP, Lab
from measures.namespaces import PREFIX, remove_namespaces
from measures.programs.bgpvip import Bgpvip
from measures.programs.program import Task
from measures.router import Router

FILE = Path(__file__).resolve().parent.parent / "functions.order"
BUILD_ENVIRONMENT = {"SYMBOLS": "1"}
# Valgrind translates the program to code of its own, which a daemon that runs no program does not let it do.
MAKES_CODE = ("--on-change", "/bin/true")


def add_arguments(parser):
    """The options."""
    parser.add_argument("--output", type=Path, default=FILE, metavar="FILE", help="where to write it")


def run(binary, options):
    """Profiles three lives of the daemon; True if the list was written."""
    if shutil.which("valgrind") is None:
        raise Failed("this needs Valgrind: apt-get install --no-install-recommends valgrind")
    service, once = profile(binary, asked=False)
    parts = [service, once, profile_services(binary)]
    # What only answers questions comes behind, so that a daemon that is not asked does not map it.
    parts += profile(binary, asked=True)
    if len(service) < 1000:
        raise Failed(f"only {len(service)} functions ran: was the binary built with symbols?")
    names = list(dict.fromkeys(name for part in parts for name in sorted(part)))
    options.output.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    print(f"{len(names)} functions written to {options.output}, {len(service)} of them run in service")
    return True


def profile(binary, asked):
    """The functions that run in service, with questions or without, and those of the start and the orderly end."""
    with Lab(1) as lab:
        node = lab.nodes[0]
        addresses = node.routers(2)
        lab.add_router_addresses(node, addresses[1:])
        routers = [Router(lab, name, [(node, address)]).wait_until_up()
                   for name, address in zip(("router", "second"), addresses)]
        speaker = Bgpvip(lab, node, Task(addresses, https=True))
        speaker.binary, speaker.wrapper, written = profiled(binary, lab.directory)
        speaker.arguments = MAKES_CODE
        lab.start_service(node, https=True)
        speaker.start()

        def advertised(wanted):
            return all((f"{VIP}/32" in router.ask(f"show route for {VIP}/32")) == wanted for router in routers)
        eventually("advertised", lambda: advertised(True), 60)
        time.sleep(3)
        write(speaker)
        if asked:
            for question in (["peers"], ["vips", "--json"], ["why", VIP]):
                speaker.ask(*question)
        node.service.end(signal.SIGKILL)
        eventually("withdrawn", lambda: advertised(False))
        lab.start_service(node, https=True)
        eventually("advertised again", lambda: advertised(True), 60)
        time.sleep(3)
        write(speaker)
        speaker.terminate()
        speaker.processes[0].popen.wait(30)
        start, service, end = (functions(binary, file) for file in (
            written.with_suffix(".1"), written.with_suffix(".2"), written))
        return service, start | end


def profile_services(binary):
    """The functions that run while Services are served: they get addresses, and after another start a pod crashes."""
    options = argparse.Namespace(services=20, endpoints=3, crashes=2)
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}-") as directory, contextlib.ExitStack() as stack:
        remove_namespaces()
        stack.callback(remove_namespaces)
        bare, wrapper, written = profiled(binary, Path(directory))
        bench = Bench(bare, Path(directory), options, stack, wrapper)
        bench.build()
        ran = set()
        for _ in range(2):
            speaker = bench.serve(*MAKES_CODE)
            bench.await_routes(options.services, 120)
            time.sleep(3)
            if ran:
                bench.crash()
            bench.end(speaker)
            ran |= functions(binary, written)
        return ran


def profiled(binary, directory):
    """What to run, with what in front of it, and the file that tells what ran."""
    bare, written = directory / "bgpvip", directory / "profile"
    # Valgrind cannot read the debug information of Swift.
    subprocess.run(["objcopy", "--strip-debug", binary, bare], check=True)
    return bare, ("valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={written}"), written


def write(speaker):
    """Lets Valgrind write what ran so far, and begin anew."""
    subprocess.run(["vgdb", f"--pid={speaker.pid}", "dump"], capture_output=True, check=True)


def functions(binary, written):
    """The functions of the binary that ran."""
    ran = {
        name.partition("'")[0]  # '2 marks a recursive call.
        for name in re.findall(r"^c?fn=\(\d+\) (.+)$", written.read_text(encoding="utf-8"), re.M)}
    # Code without a name has its address there.
    named = subprocess.run(["nm", "--format=just-symbols", binary], capture_output=True, text=True, check=True).stdout
    return ran & set(named.splitlines())
