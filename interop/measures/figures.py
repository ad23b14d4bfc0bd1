"""What the kernel says about processes."""

import contextlib
import os
import re
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def tree(root):
    """A process and all its descendants that live."""
    found = [root]
    for pid in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def memory(pids):
    """RSS, PSS, anonymous memory and the largest RSS so far in KiB, threads and processes, summed over the processes."""
    sums = {"rss": 0, "pss": 0, "anonymous": 0, "peak": 0, "threads": 0, "processes": 0}
    for pid in pids:
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
            for name in ("Rss", "Pss", "Anonymous"):
                sums[name.lower()] += int(re.search(rf"^{name}: +(\d+) kB", rollup, re.M)[1])
            sums["peak"] += int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)[1])
            sums["threads"] += len(os.listdir(f"/proc/{pid}/task"))
            sums["processes"] += 1
    return sums


def cpu(pids):
    """Seconds the scheduler let the live threads run, plus those of children that have ended."""
    seconds = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                seconds += int((task / "schedstat").read_text(encoding="ascii").split()[0]) / 1e9
            after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            seconds += (int(after_name[13]) + int(after_name[14])) / TICK
    return seconds
