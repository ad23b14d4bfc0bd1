"""One run of the bench: what is measured, in which order, how far it is, and what came out."""

import dataclasses
import json
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from lab.waiting import Failed
from measures import machine
from measures.programs import PROGRAMS


@dataclasses.dataclass
class Step:
    """Something measured in one go. `seconds` is about what it takes; the time left is reckoned from it."""

    title: str
    seconds: float
    action: Callable


class Campaign:
    """Runs the steps and keeps the results, each as soon as it is there."""

    def __init__(self, programs, path, runs=None, quick=False):
        self.programs, self.path, self.only_runs, self.quick = programs, path, runs, quick
        self.id = time.strftime("%Y-%m-%d %H:%M:%S")
        self.done = self.planned = 0.0
        self.place = self.title = ""
        self.data = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"campaigns": {}, "runs": []}
        self.data["campaigns"][self.id] = {
            "machine": machine.description(), "quick": quick, "programs": {
                program.name: {"version": program.find_version(), "kib": installed_size(program)}
                for program in programs}}

    def runs(self, usual):
        """How often something is measured that is usually measured so often."""
        if self.only_runs:
            return self.only_runs
        return min(usual, 2) if self.quick else usual

    def execute(self, steps):
        """Runs all steps; trouble with one is recorded and does not end the others. True if there was none."""
        self.planned = sum(step.seconds for step in steps)
        begun, good = time.monotonic(), True
        for number, step in enumerate(steps, start=1):
            self.place, self.title = f"{number}/{len(steps)}", step.title
            elapsed = time.monotonic() - begun
            # Trust in the plan at first, in what was seen later.
            pace = (elapsed + 60) / (self.done + 60)
            self.remaining = (self.planned - self.done) * pace
            self.note(f"{step.seconds * pace:.0f} s or so")
            try:
                step.action()
            except (Failed, OSError, ValueError, LookupError, subprocess.SubprocessError) as error:
                good = False
                self.note(f"FAILED: {error}")
                if not isinstance(error, Failed):
                    traceback.print_exc()
                self.record("error", step.title.partition(" ")[0], what=f"{step.title}: {str(error).splitlines()[0]}")
            self.done += step.seconds
        if len(steps) > 1:
            print(f"# {(time.monotonic() - begun) / 60:.1f} minutes", file=sys.stderr, flush=True)
        return good

    def note(self, text):
        """One line of progress."""
        left = f"{self.remaining / 60:.0f} min left" if self.remaining >= 90 else "nearly done"
        print(f"[{self.place}, {left}] {self.title}: {text}", file=sys.stderr, flush=True)

    def record(self, figure, program, noise=None, **values):
        """Adds one single run to the results, and writes them."""
        values = {key: round(value, 4) if isinstance(value, float) else value for key, value in values.items()}
        if noise is not None:
            values["noise"] = noise
        self.data["runs"].append({"campaign": self.id, "figure": figure, "program": program, **values})
        said = [f"{key}={short(value)}" for key, value in values.items() if value is not None]
        self.note(" ".join([figure, program, *said]))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(as_text(self.data), encoding="utf-8")
        fresh.replace(self.path)


def as_text(data):
    """JSON with a line for each run."""
    runs = ",\n".join("  " + json.dumps(run) for run in data["runs"])
    return f'{{\n "campaigns": {json.dumps(data["campaigns"], indent=2)},\n "runs": [\n{runs}\n ]\n}}\n'


def short(value):
    """A value for a line of progress."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def milliseconds(end, begin):
    """From one time to another, or None if one of them is not known."""
    return None if end is None or begin is None else (end - begin) / 1e6


def installed_size(program):
    """KiB on the disk: the packages, or the binary of bgpvip."""
    if not program.packages:
        binary = getattr(program, "binary", None)
        return Path(binary).stat().st_size // 1024 if binary else None
    asked = ["dpkg-query", "-W", "-f", "${Installed-Size}\n", *program.packages]
    return sum(map(int, subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()))


def chosen(names):
    """The programs of a list of names that are installed; the others are said."""
    programs = []
    for name in names:
        if PROGRAMS[name].is_installed():
            programs.append(PROGRAMS[name])
        else:
            print(f"# {name} is not installed and left out: apt-get install {' '.join(PROGRAMS[name].packages)}",
                  file=sys.stderr, flush=True)
    return programs
