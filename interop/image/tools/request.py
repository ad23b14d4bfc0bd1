"""Requests a URL over a new connection each time and prints one JSON object a request.

{"start": ns, "end": ns, "node": NAME} or {"start": ns, "end": ns, "error": TEXT}; CLOCK_MONOTONIC.
Usage: request.py URL COUNT INTERVAL-SECONDS
"""

import http.client
import json
import ssl
import sys
import time
import urllib.request

TIMEOUT = 1


def main():
    """Runs the requests one after the other."""
    url, count, interval = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    context = ssl._create_unverified_context()
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
    for _ in range(count):
        result = {"start": time.monotonic_ns()}
        try:
            with opener.open(url, timeout=TIMEOUT) as answer:
                result["node"] = answer.read().decode().strip()
        except (OSError, http.client.HTTPException) as error:
            result["error"] = str(error)
        result["end"] = time.monotonic_ns()
        print(json.dumps(result), flush=True)
        time.sleep(interval)


main()
