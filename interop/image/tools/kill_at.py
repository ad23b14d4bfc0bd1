"""Signals the process named in a pid file and prints when: CLOCK_MONOTONIC in nanoseconds.

Usage: kill_at.py PIDFILE SIGNAL-NAME
"""

import os
import signal
import sys
import time

with open(sys.argv[1], encoding="ascii") as file:
    pid = int(file.read())
number = signal.Signals["SIG" + sys.argv[2]]
at = time.monotonic_ns()
os.kill(pid, number)
print(at)
