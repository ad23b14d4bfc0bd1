"""Plants the bugs of Tests/Mutations/mutations.txt one at a time and says which tests find them: see `interop/mutants --help`."""

import argparse
import datetime
import os
import re
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "Tests/Mutations/mutations.txt"
PAGE = ROOT / "docs/reliability.md"
BEGIN, END = "<!-- interop/mutants begins -->", "<!-- interop/mutants ends -->"
# What runs for each bug, as test targets: those of the rooms with bugs, and the simulation.
RUNS = {
    "unit tests": r"^(AdvertisingTests|BFDTests|BGPFSMTests|BGPWireTests|HealthTests|SpeakerCoreTests)\.",
    "simulation": r"^SimulationTests\.",
}
# Unit tests that compare with a table: every event in every state, and the octets of messages.
TABLES = {"StateEventTableTests", "VIPBindingTests", "LeavingTests", "VectorTests", "GoldenTests"}
LAYERS = ["unit tests", "tables", "simulation"]
# A bug may make a test run or wait for ever. Seconds of processor time, which a busy machine does not change, and of the clock.
PROCESSOR_LIMIT, PATIENCE = 120, 900
# Which bug is active is read once from the environment, so that one build has all of them.
SWITCH = """\
import Glibc

private let active = getenv("PLANTED").map { atoi($0) }

func planted(_ number: CInt) -> Bool { active == number }
"""


@dataclass
class Mutation:
    """One bug: where it is planted, and what finds it."""

    number: int
    title: str
    path: str
    anchor: str
    change: str
    found: dict = field(default_factory=dict)

    @property
    def marked(self):
        """What is changed, and where it begins in the anchor."""
        before, rest = self.anchor.split("«")
        return rest.split("»")[0], len(before)

    def planted(self):
        """What stands in place of what is marked, switchable."""
        old, _ = self.marked
        if self.change == "without":
            return f"if !planted({self.number}) {{ {old} }}"
        if self.change.startswith("first "):
            return f"if planted({self.number}) {{ {self.change.removeprefix('first ')} }}\n{old}"
        return f"(planted({self.number}) ? {self.change} : {old})"


def read_list():
    """The mutations in their order."""
    mutations = []
    for block in LIST.read_text().split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if lines:
            title, path, *anchor, change = lines
            mutations.append(Mutation(
                len(mutations) + 1, title, path, "\n".join(anchor), change.removeprefix("=> ")))
    return mutations


def write(path, text):
    """Writes a file unless it has this text already, so that builds stay incremental."""
    if not path.exists() or path.read_bytes() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def plant(mutations, tree):
    """Copies the project's files to the tree, with all the bugs in them."""
    # Some tests compare documents with what the code says.
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    texts = {name: (ROOT / name).read_bytes() for name in listed.split("\0") if (ROOT / name).is_file()}
    by_path = {}
    for mutation in mutations:
        by_path.setdefault(mutation.path, []).append(mutation)
    for path, its in by_path.items():
        text = texts[path].decode()
        spans = []
        for mutation in its:
            anchor = mutation.anchor.replace("«", "").replace("»", "")
            if text.count(anchor) != 1:
                sys.exit(f"{LIST.name}: {mutation.title}: the line is {text.count(anchor)} times in {path}")
            old, offset = mutation.marked
            start = text.index(anchor) + offset
            spans.append((start, start + len(old), mutation.planted()))
        for start, end, new in sorted(spans, reverse=True):
            text = text[:start] + new + text[end:]
        texts[path] = text.encode()
        texts[str(Path(path).parent / "Planted.swift")] = SWITCH.encode()
    for name, text in texts.items():
        write(tree / name, text)
    # What is there no more would be compiled all the same.
    for old in tree.glob("*/**/*.swift"):
        if old.relative_to(tree).parts[0] in ("Sources", "Tests") and str(old.relative_to(tree)) not in texts:
            old.unlink()


def run_tests(tree, run, number):
    """The test files of a run that fail with this bug active; none if it is not found."""
    command = [tree / ".build/release/bgpvipPackageTests.xctest", "--testing-library", "swift-testing",
               "--filter", RUNS[run]]
    environment = {**os.environ, "PLANTED": str(number), "SWIFT_BACKTRACE": "enable=no"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=PATIENCE, errors="replace",
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_LIMIT, PROCESSOR_LIMIT + 5)))
    except subprocess.TimeoutExpired:
        return ["does not end"]
    if done.returncode == 0:
        return []
    output = done.stdout + done.stderr
    files = re.findall(r"recorded an issue.*? at (\w[\w+]*)\.swift:", output)
    if -done.returncode in (signal.SIGXCPU, signal.SIGKILL):
        files.append("does not end")
    return sorted(set(files), key=lambda name: (-files.count(name), name)) or [f"ends with {done.returncode}"]


def find(tree, mutation):
    """Runs the tests with the bug active, and notes by layer what finds it."""
    unit = run_tests(tree, "unit tests", mutation.number)
    mutation.found = {
        "unit tests": [name for name in unit if name not in TABLES],
        "tables": [name for name in unit if name in TABLES],
        "simulation": run_tests(tree, "simulation", mutation.number),
    }


def cell(names):
    """The first names, for a table."""
    return "-" if not names else ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def table(mutations, seen):
    """The result as Markdown."""
    lines = ["| planted bug | unit tests | tables | simulation |", "|---|---|---|---|"]
    lines += [f"| {m.title} (`{Path(m.path).name}`) | {' | '.join(cell(m.found[layer]) for layer in LAYERS)} |"
              for m in mutations]
    found = sum(any(m.found.values()) for m in mutations)
    shares = ", ".join(f"{layer} {sum(bool(m.found[layer]) for m in mutations)}" for layer in LAYERS)
    return "\n".join([f"{found} of {len(mutations)} planted bugs are found ({shares}). Seen {seen}.", "", *lines])


def source():
    """The day, and the last commit that changed Core, for figures that are written down."""
    def git(*command):
        return subprocess.run(["git", *command, "--", "Sources/Core"], cwd=ROOT, check=True, capture_output=True,
                              text=True).stdout.strip()
    changes = " and changes since" if git("status", "--porcelain") else ""
    return f"on {datetime.date.today()} with Core as of commit {git('log', '-1', '--format=%h')}{changes}"


def main():
    parser = argparse.ArgumentParser(prog="interop/mutants", description=(
        "Builds a copy of the project with every planted bug in it, each behind a switch, and runs the unit tests of "
        "Core and the simulation once for each bug. Exit status 1 if no test finds one."))
    parser.add_argument("--tree", type=Path, default=ROOT / ".build-mutants", help="where the copy is built")
    parser.add_argument("--write", action="store_true", help=f"write the table to {PAGE.relative_to(ROOT)}")
    parser.add_argument("--only", metavar="TEXT", default="", help="only bugs whose description has this text")
    options = parser.parse_args()
    mutations, seen = read_list(), source()
    plant(mutations, options.tree)
    # Optimized, because all tests run once for each bug.
    subprocess.run(["swift", "build", "-c", "release", "--build-tests", "-Xswiftc", "-enable-testing"],
                   cwd=options.tree, env=os.environ | {"BGPVIP_CORE": "1"}, check=True)
    for run in RUNS:
        failing = run_tests(options.tree, run, 0)
        if failing:
            sys.exit(f"without any bug these fail, of the {run}: {cell(failing)}")
    chosen = [mutation for mutation in mutations if options.only in mutation.title]
    for mutation in chosen:
        find(options.tree, mutation)
        verdict = "found" if any(mutation.found.values()) else "NOT FOUND"
        places = "; ".join(f"{layer}: {cell(names)}" for layer, names in mutation.found.items())
        print(f"{mutation.number:3} {verdict}: {mutation.title} ({places})", flush=True)
    missed = [mutation.title for mutation in chosen if not any(mutation.found.values())]
    print(f"{len(chosen) - len(missed)} found, {len(missed)} not found")
    if options.write and not options.only:
        page = PAGE.read_text()
        start, end = page.index(BEGIN) + len(BEGIN), page.index(END)
        PAGE.write_text(page[:start] + "\n" + table(chosen, seen) + "\n" + page[end:])
    return 1 if missed else 0


sys.exit(main())
