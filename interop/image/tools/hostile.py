"""A neighbour that does harm until it is killed; prints "ready" when it has begun.

Usage: hostile.py router KIND AS               a router at which the node dials: after the handshake it sends KIND without end
       hostile.py opens SOURCE ADDRESS AS      dials the node again and again, sends an OPEN and goes
       hostile.py bfd SOURCE ADDRESS           BFD packets from the router's own address, with TTL 255
       hostile.py connections COUNT ADDRESS PORT [BYTE]   so many connections to a port, or with ADDRESS "-" to the unix
                                               socket PORT; each sends nothing, or one octet of a request now and then
"""

import contextlib
import os
import socket
import struct
import sys
import threading
import time

MARKER = b"\xff" * 16
ROUTER_ID = socket.inet_aton("10.2.0.2")


def message(kind, body=b""):
    """A BGP message."""
    return MARKER + struct.pack("!HB", 19 + len(body), kind) + body


def opening(asn):
    """An OPEN that offers IPv4, IPv6, 4-octet AS numbers and route refresh."""
    capabilities = b"".join(bytes((code, len(value))) + value for code, value in (
        (1, b"\0\1\0\1"), (1, b"\0\2\0\1"), (2, b""), (65, struct.pack("!I", asn))))
    parameter = bytes((2, len(capabilities))) + capabilities
    return message(1, struct.pack("!BHH4sB", 4, asn, 90, ROUTER_ID, len(parameter)) + parameter)


def update(number, malformed=False):
    """An UPDATE with one prefix; a malformed one has an ORIGIN that does not exist (RFC 7606: as a withdrawal)."""
    origin = b"\x40\x01\x01" + (b"\x09" if malformed else b"\0")
    attributes = origin + b"\x40\x02\x06\x02\x01\x00\x00\xfd\xe8" + b"\x40\x03\x04" + ROUTER_ID
    return message(2, struct.pack("!HH", 0, len(attributes)) + attributes + b"\x18" + struct.pack("!I", number << 8)[:3])


FLOODS = {
    "keepalive": message(4) * 3000,
    "update": b"".join(update(0x140000 + number) for number in range(1000)) + message(4),
    "malformed": b"".join(update(0x140000 + number, True) for number in range(1000)) + message(4),
    "refresh": message(5, b"\0\1\0\1") * 1000 + message(4),
}


def drain(connection):
    """Reads and forgets."""
    with contextlib.suppress(OSError):
        while connection.recv(65536):
            pass


def router(kind, asn):
    """Accepts the node's connections, one after the other, and floods each."""
    listener = socket.create_server(("", 179))
    begun = False
    while True:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(4096)
            connection.sendall(opening(int(asn)) + message(4))
            threading.Thread(target=drain, args=(connection,), daemon=True).start()
            time.sleep(0.5)
            if not begun:
                begun = True
                print("ready", flush=True)
            while True:
                connection.sendall(FLOODS[kind])


def opens(source, address, asn):
    """Dials, sends an OPEN, and goes."""
    print("ready", flush=True)
    while True:
        with contextlib.suppress(OSError), socket.create_connection((address, 179), 1, (source, 0)) as connection:
            connection.sendall(opening(int(asn)))


def bfd(source, address):
    """Packets that are well-formed and for no session, and some that are not well-formed."""
    flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    flood.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
    flood.bind((source, 0))
    flood.connect((address, 3784))
    print("ready", flush=True)
    while True:
        for number in range(1000):
            packet = struct.pack("!BBBBIIIII", 0x20, 0xC0, 3, 24, 7, 1000 + number, 50000, 50000, 0)
            with contextlib.suppress(OSError):
                flood.send(packet if number % 4 else os.urandom(24))


def connections(count, address, port, octets=None):
    """Keeps connections open, and opens again what is closed."""
    held = []
    ready = False
    while True:
        while len(held) < int(count):
            with contextlib.suppress(OSError):
                if address == "-":
                    connection = socket.socket(socket.AF_UNIX)
                    connection.settimeout(0.2)
                    connection.connect(port)
                else:
                    connection = socket.create_connection((address, int(port)), 0.2)
                held.append(connection)
                continue
            break
        if not ready:
            ready = True
            print("ready", flush=True)
        time.sleep(0.1)
        alive = []
        for connection in held:
            try:
                connection.setblocking(False)
                if octets:
                    connection.send(b"G")
                if connection.recv(4096) == b"":
                    raise ConnectionResetError
            except BlockingIOError:
                alive.append(connection)
            except OSError:
                connection.close()
            else:
                alive.append(connection)
        held = alive


{"router": router, "opens": opens, "bfd": bfd, "connections": connections}[sys.argv[1]](*sys.argv[2:])
