"""Runs the scenarios and reports: see `interop/run --help`."""

import argparse
import sys
import time
import traceback

import scenarios
from lab import evidence
from lab.engine import EngineError
from lab.session import Interrupted, opened_lab
from lab.waiting import Failed


def main():
    """The command line; the exit status is 0 only if something ran and all of it passed."""
    parser = argparse.ArgumentParser(
        prog="interop/run", description="Runs bgpvip against BIRD in containers, with real packets to the VIP.",
        epilog="ENGINE=podman|docker chooses the engine. BGPVIP_BINARY names a static binary, BGPVIP_IMAGE an image "
        "to test instead of what the project builds. DEBIAN_MIRROR names a mirror for the base image.")
    parser.add_argument("scenario", nargs="*", help="only these scenarios")
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    parser.add_argument("--keep", action="store_true", help="leave the lab running")
    options = parser.parse_args()
    known = {scenario.__name__: scenario for scenario in scenarios.ALL}
    if options.list:
        for name, scenario in known.items():
            print(f"{name:18} {scenario.__doc__.strip()}")
        return 0
    unknown = [name for name in options.scenario if name not in known]
    if unknown:
        parser.error(f"no such scenario: {', '.join(unknown)} (--list shows them)")
    chosen = [known[name] for name in options.scenario or known]
    passed = failed = 0
    stopped = None
    try:
        with opened_lab(options.keep) as lab:
            for scenario in chosen:
                if run_one(lab, scenario):
                    passed += 1
                else:
                    failed += 1
    except (EngineError, Failed, OSError) as error:
        stopped = str(error)
    except Interrupted as signal:
        stopped = f"stopped by {signal}"
    if stopped:
        print(f"FAIL the run ended early: {stopped}", flush=True)
        failed += 1
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if passed and not failed else 1


def run_one(lab, scenario):
    """Runs one scenario on a clean lab and prints its line; True if it passed."""
    name, started = scenario.__name__, time.monotonic()
    try:
        lab.reset()
        figures = scenario(lab)
    except Exception as error:
        print(f"FAIL {name} ({time.monotonic() - started:.1f} s): {error}", flush=True)
        if not isinstance(error, (Failed, EngineError)):
            traceback.print_exc(file=sys.stdout)
        evidence.collect(lab, name)
        return False
    print(f"PASS {name} ({time.monotonic() - started:.1f} s){': ' + figures if figures else ''}", flush=True)
    return True


sys.exit(main())
