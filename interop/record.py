"""Writes what a complete run has seen to docs/interop.md: no times, so that it changes only if what is seen does."""

import re

import scenarios
from lab.doctor import LIMIT, PROVOKED
from lab.engine import INTEROP
from lab.routers import PROGRAMS
from scenarios import routers

DOCS = INTEROP.parent / "docs"
FILE, FINDINGS, ALL_FINDINGS = DOCS / "interop.md", DOCS / "doctor-provoked.md", DOCS / "doctor.md"
INTRODUCTION = """\
# Routers that bgpvip was seen to work with

`interop/run` writes this file at the end of a complete run: what is here was seen by the last one, in containers, with
each program as Debian packages it. `interop/run frr` repeats the part of one router; `interop/README.md` has the details.
bgpvip dials and the router listens, as a top-of-rack switch does towards its servers.
"""
RACK = """\
## The rack: BIRD on the top-of-rack router, three nodes, a client

With packets of the client to the VIP. Times are in the output of the run; where a sentence names a limit, it held.
"""
PROVOKED_INTRODUCTION = """\
# Findings of doctor that were provoked

`interop/run` writes this page when all its scenarios `doctor_*` have passed: these {count} faults were made on a node, a
router or the path between them, and doctor named each by its code, and took no longer than {limit} s. What each finding
means and what to do is in [doctor.md](doctor.md).
"""


def write(results):
    """Writes the file."""
    parts = [INTRODUCTION, overview(results), details(results), RACK, rack(results)]
    FILE.write_text("\n".join(parts), encoding="utf-8")


def write_findings():
    """Writes which findings of doctor were provoked, how, and what doctor said."""
    every = re.findall(r"^\| `([a-z0-9-]+)` \|", ALL_FINDINGS.read_text(encoding="utf-8"), re.M)
    rows = [["finding", "how it was provoked", "what doctor said"]]
    rows += [[f"`{code}`", *PROVOKED[code]] for code in every if code in PROVOKED]
    rest = ", ".join(f"`{code}`" for code in every if code not in PROVOKED)
    parts = [PROVOKED_INTRODUCTION.format(count=len(rows) - 1, limit=LIMIT), table(rows),
             f"Not provoked; their texts are held by unit tests: {rest}.\n"]
    FINDINGS.write_text("\n".join(parts), encoding="utf-8")


def upstream(version):
    """The program's own version, without Debian's revision: `10.3` of `10.3-3+deb13u1`."""
    return version.split("-")[0].split("+")[0]


def verdict(results, name):
    """How a scenario ended, in a word."""
    if name in results.passed_later:
        return "at the second try"
    return "yes" if name in results.passed else "**failed**"


def overview(results):
    """Scenarios by routers."""
    programs = PROGRAMS.values()
    rows = [["", *[f"{program.title} {upstream(results.versions[program.name])}" for program in programs]]]
    for function in routers.ALL:
        subject = function.__name__
        rows.append([subject.replace("_", " "), *[
            "not possible" if subject in program.impossible else verdict(results, f"{program.name}_{subject}")
            for program in programs]])
    rows.append(["looked at", *["RIB, kernel, requests" if program.has_fib else "RIB" for program in programs]])
    return table(rows)


def details(results):
    """What was seen: a section for each scenario, a row for each router."""
    parts = ["## What was seen\n"]
    for function in routers.ALL:
        subject = function.__name__
        rows = [["router", "version", "seen"]]
        for program in PROGRAMS.values():
            name = f"{program.name}_{subject}"
            if subject in program.impossible:
                seen = f"not possible: {program.impossible[subject]}"
            else:
                seen = results.passed.get(name, "**failed**")
            rows.append([program.title, upstream(results.versions[program.name]), seen])
        parts += [f"### {subject.replace('_', ' ')}\n", function.__doc__.strip() + "\n", table(rows)]
    return "\n".join(parts)


def rack(results):
    """The rack's scenarios."""
    rows = [["scenario", "shows", "passed"]]
    for scenario in scenarios.ALL:
        if scenario.place == scenarios.RACK:
            rows.append([f"`{scenario.name}`", scenario.summary, verdict(results, scenario.name)])
    return table(rows)


def table(rows):
    """A Markdown table; the first row is its head."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]) + "\n"
