"""Clients that only listen: each asks once over a connection that it keeps, and then waits for what comes.

Prints `ready` when all are connected, and at the end one line of JSON for each: the node, and after how many seconds
the connection ended; null if it did not.
Usage: quiet.py ADDRESS CONNECTIONS SECONDS
"""

import json
import select
import socket
import ssl
import sys
import time

PORT = 6443
REQUEST = b"GET / HTTP/1.1\r\nHost: vip\r\n\r\n"


def connect(address):
    """A connection, and the node that answers on it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = context.wrap_socket(socket.create_connection((address, PORT), timeout=5))
    connection.sendall(REQUEST)
    answer = b""
    while not answer.partition(b"\r\n\r\n")[2].endswith(b"\n"):
        answer += connection.recv(4096)
    return connection, answer.split()[-1].decode()


def main():
    """The command line."""
    address, count, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    nodes = dict(connect(address) for _ in range(count))
    ended = dict.fromkeys(nodes)
    print("ready", flush=True)
    start = time.monotonic()
    while (left := start + seconds - time.monotonic()) > 0:
        alive = [connection for connection, end in ended.items() if end is None]
        # Nothing is said on these connections: whatever can be read is their end.
        for connection in select.select(alive, [], [], left)[0]:
            ended[connection] = time.monotonic() - start
    for connection, node in nodes.items():
        print(json.dumps({"node": node, "ended": ended[connection]}), flush=True)


main()
