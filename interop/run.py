"""Runs the scenarios and reports: see `interop/run --help`."""

import argparse
import fnmatch
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed

import record
import scenarios
from lab import evidence
from lab.engine import EngineError
from lab.routers import PROGRAMS
from lab.session import Interrupted, opened_lab
from lab.waiting import STOPPING, Failed, Missing

# Cells that work at the same time; most of a scenario is waiting.
AT_ONCE = 3


def main():
    """The command line; the exit status is 0 only if something ran and all of it passed."""
    parser = argparse.ArgumentParser(
        prog="interop/run", description="Runs bgpvip against real routers in containers, with real packets to the VIP.",
        epilog="ENGINE=podman|docker chooses the engine. BGPVIP_BINARY names a static binary, BGPVIP_IMAGE an image "
        "to test instead of what the project builds. BGPVIP_KUBERNETES names a directory with kube-apiserver and its "
        "companions. DEBIAN_MIRROR names a mirror for the base image.")
    parser.add_argument("scenario", nargs="*", help="only these scenarios; 'frr*' are all for FRR, 'frr' as well")
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    parser.add_argument("--keep", action="store_true", help="leave the lab running")
    options = parser.parse_args()
    if options.list:
        for scenario in scenarios.ALL:
            print(f"{scenario.name:26} {scenario.summary}")
        return 0
    chosen, unknown = choose(options.scenario)
    if unknown:
        parser.error(f"no such scenario: {', '.join(unknown)} (--list shows them)")
    results = Results(tries_again=not options.scenario)
    stopped = None
    try:
        with opened_lab(options.keep) as lab:
            for scenario in chosen:
                if scenario.place == scenarios.RACK:
                    run_one(lab, scenario, results)
            run_kubernetes(lab, chosen, results)
            run_cells(lab, chosen, results)
    except (EngineError, Failed, OSError) as error:
        stopped = str(error)
    except Interrupted as signal:
        stopped = f"stopped by {signal}"
    failed = len(results.failed)
    if stopped:
        print(f"FAIL the run ended early: {stopped}", flush=True)
        failed += 1
    elif not options.scenario:
        record.write(results)
    if all(scenario.name in results.passed for scenario in scenarios.ALL if scenario.run in scenarios.doctor.ALL):
        record.write_findings()
    if results.passed_later:
        print(f"passed at the second try only: {', '.join(results.passed_later)}", flush=True)
    skipped = f", {results.skipped} skipped" if results.skipped else ""
    print(f"{len(results.passed)} passed, {failed} failed{skipped}", flush=True)
    return 0 if results.passed and not failed else 1


def choose(patterns):
    """The scenarios that names, globs and router names select, in their order; and what selects nothing.

    Without any it is all of them but the nightly ones.
    """
    if not patterns:
        return [scenario for scenario in scenarios.ALL if scenario.run not in scenarios.hostile.NIGHTLY], []
    chosen, unknown = set(), []
    for pattern in patterns:
        found = {scenario.name for scenario in scenarios.ALL
                 if pattern == scenario.place or fnmatch.fnmatchcase(scenario.name, pattern)}
        chosen |= found
        if not found:
            unknown.append(pattern)
    return [scenario for scenario in scenarios.ALL if scenario.name in chosen], unknown


class Results:
    """What has come out so far; scenarios of several cells report at the same time."""

    def __init__(self, tries_again):
        self.tries_again = tries_again
        self.passed = {}
        self.passed_later = []
        self.failed = set()
        self.skipped = 0
        self.versions = {}
        self.lock = threading.Lock()


def run_kubernetes(lab, chosen, results):
    """Runs the scenarios with real Kubernetes parts, or says how to get the parts."""
    its = [scenario for scenario in chosen if scenario.place == scenarios.KUBERNETES]
    if not its:
        return
    try:
        cluster = lab.cluster()
    except Missing as missing:
        results.skipped += len(its)
        print(f"SKIP {len(its)} scenarios of {scenarios.KUBERNETES}: {missing}", flush=True)
        return
    for scenario in its:
        lacking = lacking_parts(cluster, scenario.subject)
        if lacking:
            results.skipped += 1
            print(f"SKIP {scenario.name}: among the parts there is no {', '.join(lacking)}", flush=True)
        else:
            run_one(cluster, scenario, results)


def lacking_parts(cluster, subject):
    """Which parts there would have to be for a scenario, and are not."""
    if subject in scenarios.kubernetes.WITH_PROXY:
        return cluster.without_proxy
    if subject in scenarios.kubernetes.WITH_KUBECTL:
        return [part for part in cluster.lacking if part == "kubectl"]
    return cluster.lacking if subject in scenarios.kubernetes.WITH_KUBELET else []


def run_cells(lab, chosen, results):
    """Runs the scenarios of the routers: one after the other in a cell, some cells at a time."""
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        cells = []
        for program in PROGRAMS.values():
            its = [scenario for scenario in chosen if scenario.place == program.name]
            if its:
                cells.append(pool.submit(run_cell, lab, program, its, results))
        for cell in as_completed(cells):
            cell.result()
    except BaseException:
        # Nothing must be made any more when the lab is being cleaned.
        STOPPING.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def run_cell(lab, program, chosen, results):
    """Runs the scenarios of one router."""
    cell = lab.cell(program)
    results.versions[program.name] = cell.router.version()
    for scenario in chosen:
        if not STOPPING.is_set():
            run_one(cell, scenario, results)


def run_one(place, scenario, results):
    """Runs one scenario on a clean rack or cell and prints its line; in a whole run a second time if it fails.

    A whole run waits in real time thousands of times: one stall of the machine fails one of its scenarios.
    """
    if not attempt(place, scenario, results) and results.tries_again and not STOPPING.is_set():
        with results.lock:
            results.failed.discard(scenario.name)
        if attempt(place, scenario, results):
            results.passed_later.append(scenario.name)


def attempt(place, scenario, results):
    """Runs one scenario on a clean rack or cell and prints its line; false if it failed."""
    started = time.monotonic()
    try:
        place.reset()
        figures = scenario.run(place) or ""
    except Missing as missing:
        with results.lock:
            results.skipped += 1
            print(f"SKIP {scenario.name}: {missing}", flush=True)
        return True
    except Exception as error:
        if STOPPING.is_set():
            return False
        with results.lock:
            results.failed.add(scenario.name)
            print(f"FAIL {scenario.name} ({time.monotonic() - started:.1f} s): {error}", flush=True)
            if not isinstance(error, (Failed, EngineError)):
                traceback.print_exc(file=sys.stdout)
            evidence.collect(place, scenario.name)
        return False
    with results.lock:
        results.passed[scenario.name] = figures
        took = time.monotonic() - started
        print(f"PASS {scenario.name} ({took:.1f} s){': ' + figures if figures else ''}", flush=True)
    return True


sys.exit(main())
