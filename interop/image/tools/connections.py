"""Makes new connections at a steady rate until SIGTERM, with one request in each; then prints one JSON object.

{"done": COUNT, "answered": {NAME: COUNT}, "failures": [{"start": ns, "end": ns, "error": TEXT}]}; CLOCK_MONOTONIC. Once it
runs, its process id is in /run/lab/connections.pid. Usage: connections.py ADDRESS PORT RATE (in a second)
"""

import collections
import http.client
import json
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

TIMEOUT = 1
STOPPED = threading.Event()


def main():
    """The command line."""
    address, port, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    signal.signal(signal.SIGTERM, lambda *unused: STOPPED.set())
    threading.stack_size(256 * 1024)
    answered, failures = collections.Counter(), []

    def ask():
        start = time.monotonic_ns()
        connection = http.client.HTTPConnection(address, port, timeout=TIMEOUT)
        try:
            connection.request("GET", "/", headers={"Connection": "close"})
            answered[connection.getresponse().read().decode().strip()] += 1
        except (OSError, http.client.HTTPException) as error:
            failures.append({"start": start, "end": time.monotonic_ns(), "error": f"{type(error).__name__}: {error}"})
        finally:
            connection.close()

    with open("/run/lab/connections.pid", "w", encoding="ascii") as file:
        file.write(str(os.getpid()))
    done, due = 0, time.monotonic()
    with ThreadPoolExecutor(60) as pool:
        while not STOPPED.wait(max(0.0, due - time.monotonic())):
            pool.submit(ask)
            done, due = done + 1, max(due + 1 / rate, time.monotonic() - 1)
    print(json.dumps({"done": done, "answered": answered, "failures": failures}), flush=True)


main()
