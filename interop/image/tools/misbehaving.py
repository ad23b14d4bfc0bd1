"""A service on port 6443 that misbehaves in the way that the file /run/lab/kind names; if there is none, it answers well.

Each connection behaves as the file says when it is accepted, and is closed after one answer. Certificate and key are
those that service.py has made.
Usage: misbehaving.py serve      until it is killed; prints "ready"
       misbehaving.py list       prints {KIND: true if a check passes all the same}
"""

import contextlib
import json
import os
import random
import socket
import ssl
import struct
import sys
import threading
import time

KIND = "/run/lab/kind"
CERTIFICATE, KEY = "/run/lab/service.crt", "/run/lab/service.key"
# Longer than any check waits.
LONG = 3
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"


def reset(connection):
    """Closes with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def sends(octets, wait=0.0):
    """Sends this before TLS, waits, and closes."""
    def behave(connection):
        connection.sendall(octets)
        time.sleep(wait)
    return behave


def floods(octets, head=b""):
    """Sends this without end, for a while."""
    def behave(connection):
        deadline = time.monotonic() + LONG
        connection.sendall(head)
        while time.monotonic() < deadline:
            connection.sendall(octets)
    return behave


def drips(octets, pause):
    """Sends octet by octet."""
    def behave(connection):
        for octet in octets:
            connection.sendall(bytes((octet,)))
            time.sleep(pause)
    return behave


def after_hello(last):
    """Reads what the client says first, and then does that."""
    def behave(connection):
        connection.recv(4096)
        last(connection)
    return behave


def secured(last, read=True):
    """TLS; then, after the request unless it is not read, that."""
    def behave(connection):
        connection.settimeout(LONG)
        with CONTEXT.wrap_socket(connection, server_side=True, do_handshake_on_connect=True) as tls:
            if read:
                tls.recv(65536)
            last(tls)
    return behave


def answers(octets):
    """TLS, the request, and this as the answer."""
    return secured(lambda tls: tls.sendall(octets))


def status(line, more=""):
    """A complete answer with this status line."""
    return answers(f"HTTP/1.1 {line}\r\nContent-Length: 4\r\nConnection: close\r\n{more}\r\nbad\n".encode())


def headed(lines, body=b""):
    """An answer with status 200 and these header lines."""
    return answers(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n" + body)


def waiting(connection):
    """Says nothing."""
    time.sleep(LONG)


def late(tls):
    """A good answer after a second."""
    time.sleep(1)
    tls.sendall(GOOD)


def then(octets, last):
    """Sends this after the request, and then does that."""
    def behave(tls):
        tls.sendall(octets)
        last(tls)
    return secured(behave)


def raw_reset(tls):
    """RST under TLS."""
    tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(tls.detach())


def raw_close(tls):
    """FIN without TLS's close_notify."""
    os.close(tls.detach())


GARBAGE = random.Random(1).randbytes(4096)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNK = b"400\r\n" + b"x" * 1024 + b"\r\n"

# What no check may pass.
SICK = {
    "closes at once": lambda connection: None,
    "resets at once": reset,
    "is silent": waiting,
    "closes after the ClientHello": after_hello(lambda connection: None),
    "resets after the ClientHello": after_hello(reset),
    "is silent after the ClientHello": after_hello(waiting),
    "speaks HTTP instead of TLS": sends(GOOD),
    "speaks HTTP instead of TLS after the ClientHello": after_hello(sends(GOOD)),
    "speaks SSH": sends(b"SSH-2.0-OpenSSH_9.2\r\n", LONG),
    "sends garbage": after_hello(sends(GARBAGE)),
    "sends garbage without end": after_hello(floods(GARBAGE)),
    "sends a TLS alert": after_hello(sends(b"\x15\x03\x03\x00\x02\x02\x28")),
    "sends half a TLS record": after_hello(sends(b"\x16\x03\x03\x40\x00\x02\x00", LONG)),
    "sends empty TLS records without end": after_hello(floods(b"\x16\x03\x03\x00\x00" * 1000)),
    "is silent after the handshake": secured(waiting, read=False),
    "closes after the handshake": secured(lambda tls: None, read=False),
    "resets after the handshake": secured(raw_reset, read=False),
    "is silent after the request": secured(waiting),
    "closes after the request": secured(lambda tls: None),
    "resets after the request": secured(raw_reset),
    "answers late": secured(late),
    "answers 500": status("500 Internal Server Error"),
    "answers 503 with an endless body": then(b"HTTP/1.1 503 Busy\r\n" + CHUNKED + b"\r\n", floods(CHUNK)),
    "answers 404": status("404 Not Found"),
    "answers 401": status("401 Unauthorized"),
    "answers 403": status("403 Forbidden"),
    "answers 204": answers(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
    "redirects to itself": status("302 Found", "Location: https://127.0.0.1:6443/readyz\r\n"),
    "switches protocols": answers(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
    "says 100 without end": secured(floods(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "says 103 without end": secured(floods(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")),
    "does not end the head": then(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", waiting),
    "sends headers without end": secured(floods(b"X-Filler: 0123456789\r\n" * 100, b"HTTP/1.1 200 OK\r\n")),
    "sends a header without end": secured(floods(b"x" * 4096, b"HTTP/1.1 200 OK\r\nX-Filler: ")),
    "drips the head": secured(drips(GOOD, 0.1)),
    "answers with a status of letters": status("abc"),
    "answers with a status of ten digits": status("2000000000 OK"),
    "answers in HTTP/9.9": answers(b"HTTP/9.9 200 OK\r\nContent-Length: 3\r\n\r\nok\n"),
    "answers in HTTP/0.9": answers(b"<html>ok</html>\n"),
    "answers in HTTP/2": answers(b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"),
    "answers garbage in TLS": answers(GARBAGE),
    "answers with a negative length": headed(b"Content-Length: -3\r\n", b"ok\n"),
    "answers with two lengths": headed(b"Content-Length: 3\r\nContent-Length: 4\r\n", b"ok\n"),
    "answers with a length and chunks": headed(b"Content-Length: 3\r\n" + CHUNKED, b"3\r\nok\n\r\n0\r\n\r\n"),
    "answers with NUL in a header": headed(b"X-Name: a\0b\r\nContent-Length: 3\r\n", b"ok\n"),
    "answers with a space in a header's name": headed(b"X Name: a\r\nContent-Length: 3\r\n", b"ok\n"),
    "answers in chunks that are none": headed(CHUNKED, b"zzz\r\nok\n"),
    "answers with half a body": then(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok\n", waiting),
    "answers and resets": then(GOOD, raw_reset),
}
# Bad manners, but an answer.
PASSING = {
    "answers octet by octet": secured(drips(GOOD, 0.0005)),
    "says 100 first": answers(b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD),
    "says 103 first": answers(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + GOOD),
    "answers in HTTP/1.0": answers(b"HTTP/1.0 200 OK\r\n\r\nok\n"),
    "answers in chunks": headed(CHUNKED, b"3\r\nok\n\r\n0\r\n\r\n"),
    "answers with an endless body": then(b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n", floods(CHUNK)),
    "answers and closes without close_notify": then(GOOD, raw_close),
    "answers twice": answers(GOOD + GOOD),
    "answers and says 408": answers(
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\nHTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"),
    "answers and sends garbage": answers(GOOD + GARBAGE),
}


def serve():
    """Accepts connections; each has a thread of its own."""
    with socket.create_server(("", 6443), backlog=512) as listener:
        print("ready", flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=behave, args=(connection,), daemon=True).start()


def behave(connection):
    """Does to one connection what the file says."""
    kind = ""
    with contextlib.suppress(FileNotFoundError), open(KIND, encoding="utf-8") as file:
        kind = file.read()
    with connection, contextlib.suppress(OSError, ValueError):
        {**SICK, **PASSING}.get(kind, WELL)(connection)


WELL = answers(GOOD)

if sys.argv[1] == "list":
    print(json.dumps({**dict.fromkeys(SICK, False), **dict.fromkeys(PASSING, True)}))
else:
    CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CONTEXT.load_cert_chain(CERTIFICATE, KEY)
    serve()
