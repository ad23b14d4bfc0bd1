"""Signals the process named in a pid file, with its workers, and prints when: CLOCK_MONOTONIC in nanoseconds.

Usage: kill_at.py PIDFILE SIGNAL-NAME
"""

import os
import signal
import sys
import time

with open(sys.argv[1], encoding="ascii") as file:
    pid = int(file.read())
number = signal.Signals["SIG" + sys.argv[2]]
# nginx's workers serve on without their master.
target = -pid if os.getpgid(pid) == pid else pid
at = time.monotonic_ns()
os.kill(target, number)
print(at)
