"""Measures bgpvip beside BIRD and GoBGP on this machine: see `interop/bench --help`."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from lab.waiting import Failed
from measures import flood, machine, memory, order, size, start
from measures.rack import Interrupted, exclusive

HERE = Path(__file__).resolve().parent
ARTEFACTS = HERE / "artefacts"


def main():
    """The command line; the exit status is 0 only if every figure of bgpvip was taken and is within its bound."""
    parser = argparse.ArgumentParser(
        prog="interop/bench", description="Measures bgpvip beside BIRD and GoBGP, in network namespaces of this "
        "machine. Needs root. Everything it makes is removed at the end, on Ctrl-C, and at the start of the next run.",
        epilog="BGPVIP_BINARY names a static binary to measure, instead of what the project builds.")
    measures = parser.add_subparsers(dest="measure", required=True, metavar="MEASURE")
    for module in (memory, flood, start, size, order):
        added = measures.add_parser(
            module.__name__.rpartition(".")[2], help=module.__doc__.splitlines()[0], description=module.__doc__)
        module.add_arguments(added)
        added.set_defaults(module=module)
    options = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("network namespaces need root")
    try:
        binary = release_binary(getattr(options.module, "BUILD_ENVIRONMENT", {}))
        with exclusive():
            print(machine.description(), flush=True)
            return 0 if options.module.run(fresh_copy(binary), options) else 1
    except (Failed, OSError, subprocess.SubprocessError) as error:
        print(f"interop/bench: {error}", file=sys.stderr)
    except Interrupted as signal:
        print(f"interop/bench: stopped by {signal}", file=sys.stderr)
    return 1


def fresh_copy(binary):
    """A copy of the binary, written as an installation writes it.

    How a file came into the page cache makes up to 0.7 MiB of RSS: the linker writes it in another way.
    """
    ARTEFACTS.mkdir(exist_ok=True)
    copy = ARTEFACTS / "bgpvip-bench"
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
