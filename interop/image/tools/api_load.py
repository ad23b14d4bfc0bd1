"""Asks an API server through the VIP as a cluster does, until SIGTERM; then prints one JSON object of what became of it.

New connections, requests on kept connections, writes, watches with an event every 200 ms, and quiet watches with an
event every 2 s. The events are made through an address that no fault touches. As in client-go, a GET is repeated once
when a kept connection turns out to be closed, and a watch that ends is opened again.

Usage: api_load.py VIP EVENT-ADDRESS:PORT SCALE LIMIT (the rates are those below times SCALE; a request that takes
longer than LIMIT seconds has failed)
"""

import collections
import http.client
import json
import os
import select
import signal
import ssl
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

NEW_PER_SECOND = 50
KEPT, KEPT_PERIOD = 10, 0.2
WRITERS, WRITER_PERIOD = 5, 1.0
WATCHES = {"busy": (5, 0.2), "quiet": (30, 2.0)}
PKI = "/run/kubernetes/pki"
PATH = "/api/v1/namespaces/{}/configmaps"
STOPPED = threading.Event()


class Refused(Exception):
    """The server answered, but not with what was asked for."""


class Results:
    """What became of every request, by kind."""

    def __init__(self, limit):
        self.limit = limit
        self.lock = threading.Lock()
        self.done = collections.Counter()
        self.failures = []

    def record(self, kind, work):
        """Does `work` and records how it ended."""
        start = time.monotonic_ns()
        error = None
        try:
            work()
        except (OSError, http.client.HTTPException, Refused) as said:
            error = f"{type(said).__name__}: {said}"
        end = time.monotonic_ns()
        if error is None and end - start > self.limit * 1e9:
            error = "too late"
        with self.lock:
            self.done[kind] += 1
            if error:
                self.failures.append({"kind": kind, "start": start, "end": end, "error": error})


class Client:
    """One connection at a time to one address, as the cluster's administrator."""

    context = None
    limit = 1.0

    def __init__(self, address, port=6443, timeout=None):
        self.address, self.port, self.timeout = address, int(port), timeout or Client.limit
        self.connection = None

    def ask(self, method, path, body=None, expected=(200,)):
        """A request and its answer, on the kept connection if there is one."""
        if self.connection and (not self.connection.sock or select.select([self.connection.sock], [], [], 0)[0]):
            self.close()
        kept = self.connection is not None
        try:
            try:
                return self.send(method, path, body, expected)
            except (ConnectionError, http.client.RemoteDisconnected):
                self.close()
                if not kept or method != "GET":
                    raise
                return self.send(method, path, body, expected)
        except BaseException:
            self.close()
            raise

    def send(self, method, path, body, expected):
        """A request and its answer."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        answer = self.open(method, path, body and json.dumps(body), {"Content-Type": kind})
        text = answer.read()
        if answer.status not in expected:
            raise Refused(f"status {answer.status}: {text[:200].decode(errors='replace')}")
        return text

    def open(self, method, path, body=None, headers=None):
        """A request, and the answer that has begun."""
        if not self.connection:
            self.connection = http.client.HTTPSConnection(
                self.address, self.port, timeout=self.timeout, context=Client.context)
        self.connection.request(method, path, body, headers or {})
        return self.connection.getresponse()

    def close(self):
        """Ends the connection."""
        if self.connection:
            self.connection.close()
        self.connection = None


class Watch:
    """One watch of a namespace; it only listens."""

    def __init__(self, vip, namespace):
        self.client = Client(vip)
        self.path = PATH.format(namespace) + "?watch=1"
        self.last = time.monotonic_ns()
        # Each silence: its nanoseconds, when it ended, and what ended the connection in it, if anything did.
        self.silences = []
        self.ended = ""

    def run(self):
        """Watches until the end of the program."""
        while not STOPPED.is_set():
            try:
                answer = self.client.open("GET", self.path)
                if answer.status == 200:
                    self.client.connection.sock.settimeout(None)
                    while answer.readline():
                        self.hear()
                self.ended += f"end, status {answer.status}; "
            except (OSError, http.client.HTTPException) as said:
                self.ended += f"{type(said).__name__}: {said}; "
            self.client.close()
            STOPPED.wait(0.1)

    def hear(self):
        """An event, or the end of the program."""
        now = time.monotonic_ns()
        self.silences.append((now - self.last, now, self.ended))
        self.last, self.ended = now, ""

    def longest(self):
        """The longest time without an event, in seconds; when it ended; and what ended the connection in it."""
        self.hear()
        length, end, ended = max(self.silences)
        return round(length / 1e9, 2), end, ended


def every(period, work, offset=0.0):
    """Calls `work` once a period until the end."""
    due = time.monotonic() + offset
    while not STOPPED.wait(max(0.0, due - time.monotonic())):
        work()
        due = max(due + period, time.monotonic() - period)


def background(function, *arguments):
    """Runs a function in a thread that does not keep the program alive."""
    threading.Thread(target=function, args=arguments, daemon=True).start()


def change(client, namespace, name):
    """Changes one object."""
    client.ask("PATCH", f"{PATH.format(namespace)}/{name}", {"data": {"at": str(time.monotonic_ns())}})


def prepare(client):
    """Makes the objects."""
    for namespace in ("busy", "quiet"):
        client.ask("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}}, (201, 409))
    names = [("default", "read"), ("busy", "news"), ("quiet", "news")]
    for namespace, name in names + [("default", f"write{number}") for number in range(WRITERS)]:
        client.ask("POST", PATH.format(namespace), {"metadata": {"name": name}}, (201, 409))


def main():
    """The command line."""
    vip, (source, port) = sys.argv[1], sys.argv[2].split(":")
    scale, Client.limit = float(sys.argv[3]), float(sys.argv[4])
    Client.context = ssl.create_default_context(cafile=f"{PKI}/ca.crt")
    Client.context.load_cert_chain(f"{PKI}/admin.crt", f"{PKI}/admin.key")
    signal.signal(signal.SIGTERM, lambda *unused: STOPPED.set())
    threading.stack_size(256 * 1024)
    prepare(Client(source, port, 5))
    results, read = Results(Client.limit), PATH.format("default") + "/read"
    for namespace, (_, period) in WATCHES.items():
        client = Client(source, port)
        background(every, period, lambda client=client, namespace=namespace: results.record(
            "event", lambda: change(client, namespace, "news")))
    watches = {name: [Watch(vip, name) for _ in range(max(1, round(count * scale)))]
               for name, (count, _) in WATCHES.items()}
    for watch in sum(watches.values(), []):
        background(watch.run)
    time.sleep(1)

    def fresh():
        client = Client(vip)
        try:
            client.ask("GET", read)
        finally:
            client.close()

    for number in range(round(KEPT * scale)):
        client = Client(vip)
        background(every, KEPT_PERIOD, lambda client=client: results.record(
            "kept", lambda: client.ask("GET", read)), KEPT_PERIOD * number / KEPT)
    for number in range(round(WRITERS * scale)):
        client = Client(vip)
        background(every, WRITER_PERIOD, lambda client=client, name=f"write{number}": results.record(
            "write", lambda: change(client, "default", name)), WRITER_PERIOD * number / WRITERS)
    with open("/run/lab/load.pid", "w", encoding="ascii") as file:
        file.write(str(os.getpid()))
    pool = ThreadPoolExecutor(100)
    every(1 / (NEW_PER_SECOND * scale), lambda: pool.submit(results.record, "new", fresh))
    pool.shutdown()
    longest = {name: sorted(watch.longest() for watch in some) for name, some in watches.items()}
    print(json.dumps({
        "done": results.done, "failures": results.failures,
        "silences": {name: [silence[0] for silence in some] for name, some in longest.items()},
        "worst": {name: some[-1] for name, some in longest.items()},
    }), flush=True)
    os._exit(0)


main()
