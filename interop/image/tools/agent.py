"""Runs programs on a lab host while its standard input is open: far cheaper than an `exec` of the engine for each.

One JSON object a line in: {"argv": [...], "input": TEXT or null, "timeout": SECONDS}; with "log" the program stays in
the background and writes to that file. One a line out: {"status": ..., "output": ..., "errors": ...}; status null means
that the time was up.
"""

import json
import os
import subprocess
import sys


def main():
    """Answers requests, one after the other."""
    # For the reset, which spares this process.
    with open("/run/agent.pid", "w", encoding="ascii") as file:
        file.write(str(os.getpid()))
    started = []
    for line in sys.stdin:
        started = [process for process in started if process.poll() is None]
        request = json.loads(line)
        if "log" in request:
            started.append(spawn(request))
            answer = {"status": 0, "output": "", "errors": ""}
        else:
            answer = run(request)
        print(json.dumps(answer), flush=True)


def spawn(request):
    """Starts a program in the background."""
    with open(request["log"], "wb") as log:
        return subprocess.Popen(
            request["argv"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def run(request):
    """Runs a program to its end."""
    process = subprocess.Popen(
        request["argv"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        errors="replace", start_new_session=True)
    try:
        output, errors = process.communicate(request["input"] or "", request["timeout"])
    except subprocess.TimeoutExpired:
        process.kill()
        return {"status": None, "output": "", "errors": ""}
    return {"status": process.returncode, "output": output, "errors": errors}


main()
