"""Opens so many connections a second to the service's plain port, whatever became of those before, until SIGTERM.

A connection must be answered with a name within a second. Each that is not: {"start": ns, "end": ns, "error": TEXT}
(CLOCK_MONOTONIC); at the end {"connections": COUNT}.

Each comes from the next port. The kernel would take a port again within a minute: if the reset at the end of the last
connection did not arrive, the node still has that one, and does not answer a new one until that has been cleared up.
Usage: steady.py ADDRESS PORT CONNECTIONS-PER-SECOND
"""

import collections
import contextlib
import itertools
import json
import os
import select
import signal
import socket
import struct
import sys
import time

TIMEOUT = 1_000_000_000
# Whoever was kept from running does not make up for more than that.
LATEST = 100_000_000
# A close is a reset: no port is kept for a minute by a connection that is over.
RESET = struct.pack("ii", 1, 0)
# A round takes longer than a node keeps a connection without a client (some 100 s).
PORTS = range(10_000, 65_000)


def main():
    """The loop: open what is due, read what has come, give up what has waited for too long."""
    address, port, step = sys.argv[1], int(sys.argv[2]), 1_000_000_000 // int(sys.argv[3])
    ended = []
    signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))
    poll, waiting, count = select.epoll(), collections.OrderedDict(), 0
    ports = itertools.cycle(PORTS)

    def over(descriptor, error=None):
        connection, start = waiting.pop(descriptor)
        connection.close()
        if error:
            print(json.dumps({"start": start, "end": time.monotonic_ns(), "error": error}), flush=True)

    due = time.monotonic_ns()
    while not ended or waiting:
        now = time.monotonic_ns()
        while due <= now and not ended:
            due = max(due + step, now - LATEST)
            count += 1
            connection = socket.socket()
            connection.setblocking(False)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            waiting[connection.fileno()] = connection, time.monotonic_ns()
            try:
                connection.bind(("", next(ports)))
                with contextlib.suppress(BlockingIOError):
                    connection.connect((address, port))
            except OSError as error:
                over(connection.fileno(), os.strerror(error.errno))
            else:
                poll.register(connection, select.EPOLLIN)
        for descriptor, _ in poll.poll(max(0, due - time.monotonic_ns()) / 1e9 if not ended else 0.01):
            try:
                over(descriptor, None if waiting[descriptor][0].recv(100) else "closed without an answer")
            except OSError as error:
                over(descriptor, os.strerror(error.errno))
        now = time.monotonic_ns()
        while waiting and now - next(iter(waiting.values()))[1] > TIMEOUT:
            over(next(iter(waiting)), "no answer within a second")
    print(json.dumps({"connections": count}), flush=True)


main()
