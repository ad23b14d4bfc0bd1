"""What the kernel says about a process and its children."""

import os
import re
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")


def tree(root):
    """A process and all its descendants."""
    found = [root]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def resident(root):
    """RSS, PSS and anonymous memory in bytes, threads and processes, summed over the processes."""
    sums = {"rss": 0, "pss": 0, "anonymous": 0, "threads": 0, "processes": 0}
    for pid in tree(root):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        for name in ("Rss", "Pss", "Anonymous"):
            sums[name.lower()] += int(re.search(rf"^{name}: +(\d+) kB", rollup, re.M)[1]) * 1024
        sums["threads"] += len(os.listdir(f"/proc/{pid}/task"))
        sums["processes"] += 1
    return sums


def rss(pid):
    """RSS of one process in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE


def peak(pid):
    """The largest RSS of one process since it started or since `reset_peak`, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)[1]) * 1024


def reset_peak(pid):
    """The next `peak` counts from now on."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def cpu(root):
    """Seconds the scheduler let the live threads run, plus those of children that have ended."""
    seconds = 0.0
    for pid in tree(root):
        for task in Path(f"/proc/{pid}/task").iterdir():
            seconds += int((task / "schedstat").read_text(encoding="ascii").split()[0]) / 1e9
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        seconds += (int(after_name[13]) + int(after_name[14])) / TICK
    return seconds
