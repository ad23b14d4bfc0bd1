"""Lets a process run for a share of the time only, as a CPU quota does: it is stopped for the rest of each 100 ms.

Usage: throttle.py PIDFILE PERCENT SECONDS
"""

import os
import signal
import sys
import time

PERIOD = 0.1


def main():
    """Stops and continues the process until the time is up; it runs on afterwards."""
    with open(sys.argv[1], encoding="ascii") as file:
        pid = int(file.read())
    share, end = float(sys.argv[2]) / 100, time.monotonic() + float(sys.argv[3])
    try:
        while time.monotonic() < end:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(PERIOD * (1 - share))
            os.kill(pid, signal.SIGCONT)
            time.sleep(PERIOD * share)
    finally:
        os.kill(pid, signal.SIGCONT)


main()
