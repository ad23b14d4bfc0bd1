"""What the figures were taken on."""

import os
import platform
import re
from pathlib import Path


def description():
    """One line: processor, cores, kernel, memory, load."""
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    memory = re.search(r"^MemTotal: +(\d+)", Path("/proc/meminfo").read_text(encoding="ascii"), re.M)
    return (f"machine: {os.cpu_count()} cores, {model[1].strip() if model else platform.machine()}, "
            f"{int(memory[1]) / 1048576:.0f} GiB, Linux {platform.release()}, "
            f"load {' '.join(f'{load:.1f}' for load in os.getloadavg())}")
