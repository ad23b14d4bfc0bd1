"""Notes how long this host's processes had to wait for a processor: one watcher for each processor, at ordinary priority.

Each sleeps for a millisecond at a time. When it wakes more than LEAST milliseconds late: {"at": ns, "late": ns, "cpu": N}
(CLOCK_MONOTONIC; `at` is when it should have woken). Until it is killed. Usage: stalls.py LEAST
"""

import json
import os
import signal
import sys
import time

NAP = 1_000_000


def watch(processor, least):
    """One watcher; a line is short enough to reach the pipe in one piece."""
    os.sched_setaffinity(0, {processor})
    while True:
        due = time.monotonic_ns() + NAP
        time.sleep(NAP / 1e9)
        late = time.monotonic_ns() - due
        if late > least:
            os.write(1, (json.dumps({"at": due, "late": late, "cpu": processor}) + "\n").encode())


def main():
    """Starts one process for each processor; they end with this one."""
    least, children = int(sys.argv[1]) * 1_000_000, []
    for processor in sorted(os.sched_getaffinity(0)):
        child = os.fork()
        if child == 0:
            watch(processor, least)
        children.append(child)

    def end(number, frame):
        for child in children:
            os.kill(child, signal.SIGKILL)
        sys.exit()

    signal.signal(signal.SIGTERM, end)
    while True:
        signal.pause()


main()
