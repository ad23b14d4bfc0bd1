"""The machine: what it is, how much of it others use, and a share of it that others cannot take."""

import contextlib
import os
import platform
import re
import time
from pathlib import Path

from measures import figures


def description():
    """Processor, cores, memory, kernel, distribution."""
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    memory = re.search(r"^MemTotal: +(\d+)", Path("/proc/meminfo").read_text(encoding="ascii"), re.M)
    system = re.search(r'^PRETTY_NAME="?([^"\n]+)', Path("/etc/os-release").read_text(encoding="utf-8"), re.M)
    flags = re.search(r"^flags\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    return {
        "processor": model[1].strip() if model else platform.machine(), "cores": os.cpu_count(),
        "memory": f"{int(memory[1]) / 1048576:.0f} GiB", "kernel": platform.release(),
        "system": system[1] if system else "Linux", "virtual": bool(flags and "hypervisor" in flags[1].split())}


@contextlib.contextmanager
def large_share(name):
    """Puts this process, and so all that it starts, into a CPU cgroup of high weight, if that is possible."""
    for base, knob, weight in (("/sys/fs/cgroup/cpu", "cpu.shares", "262144"), ("/sys/fs/cgroup", "cpu.weight", "10000")):
        group, home = Path(base, name), Path(base, "cgroup.procs")
        try:
            group.mkdir(exist_ok=True)
            (group / knob).write_text(weight, encoding="ascii")
            (group / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
        except OSError:
            continue
        # The instruments want real-time priority, of which a new group has no share.
        with contextlib.suppress(OSError):
            (group / "cpu.rt_runtime_us").write_text("400000", encoding="ascii")
        try:
            yield True
        finally:
            with contextlib.suppress(OSError):
                home.write_text(str(os.getpid()), encoding="ascii")
                time.sleep(0.1)
                group.rmdir()
        return
    yield False


class Noise:
    """CPU that others used since this was made, in cores; what the hypervisor took away counts too."""

    def __init__(self):
        self.begun, self.busy, self.ours = time.monotonic(), busy_ticks(), own_ticks()

    def cores(self):
        """So far."""
        seconds = max(time.monotonic() - self.begun, 0.05)
        others = (busy_ticks() - self.busy) - (own_ticks() - self.ours)
        return round(max(0, others) / figures.TICK / seconds, 2)


def busy_ticks():
    """Ticks in which any core was not idle."""
    user, nice, system, _, _, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text(encoding="ascii").split(maxsplit=9)[1:9])
    return user + nice + system + irq + softirq + steal


def own_ticks():
    """Ticks of this process and all its descendants, ended ones too."""
    ticks = 0
    for pid in figures.tree(os.getpid()):
        with contextlib.suppress(OSError):
            after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            ticks += sum(map(int, after_name[11:15]))
    return ticks
