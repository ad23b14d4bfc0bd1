"""The service behind the VIP: HTTPS on all addresses, port 6443.

`/readyz` answers 200, or 500 while the file /run/lab/fail exists; any other path answers the node's name. The file
/run/lab/manner makes it close each connection after the answer: `announced` or `unannounced`. While /run/lab/deaf
exists no connection is accepted; those that are open are served. Port 6480 sends the node's name to whoever connects.
Usage: service.py NAME
"""

import contextlib
import http.server
import os
import socket
import ssl
import subprocess
import sys
import threading
import time

PORT, PLAIN_PORT = 6443, 6480
FAIL_SWITCH = "/run/lab/fail"
MANNER = "/run/lab/manner"
DEAF_SWITCH = "/run/lab/deaf"
CERTIFICATE, KEY = "/run/lab/service.crt", "/run/lab/service.key"
TLS_TIMEOUT = 5


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers the check and the client; keeps connections open, as an API server does."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        """One request."""
        if self.path.startswith("/readyz"):
            failing = os.path.exists(FAIL_SWITCH)
            self.answer(500 if failing else 200, "failing" if failing else "ok")
        else:
            self.answer(200, self.server.node)

    def answer(self, status, text):
        """Sends a complete answer."""
        body = (text + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        if self.server.manner == "announced":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        if self.server.manner == "unannounced":
            self.close_connection = True

    def log_message(self, format, *arguments):
        """The service's own requests are of no interest."""


class Server(http.server.ThreadingHTTPServer):
    """A TLS server for both families; each handshake runs in its connection's thread."""

    address_family = socket.AF_INET6
    request_queue_size = 512
    daemon_threads = True

    def __init__(self, node, context):
        self.node = node
        self.context = context
        self.manner = None
        if os.path.exists(MANNER):
            with open(MANNER, encoding="ascii") as file:
                self.manner = file.read().strip()
        super().__init__(("::", PORT), Handler)

    def server_bind(self):
        """Listens on IPv4 as well, without looking up a host name."""
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.node, PORT

    def get_request(self):
        """Accepts the next connection, if it accepts any."""
        while os.path.exists(DEAF_SWITCH):
            time.sleep(0.01)
        return super().get_request()

    def finish_request(self, request, client_address):
        """Does TLS, then HTTP."""
        request.settimeout(TLS_TIMEOUT)
        try:
            with self.context.wrap_socket(request, server_side=True) as secured:
                secured.settimeout(None)
                self.RequestHandlerClass(secured, client_address, self)
        except OSError:
            pass  # The other side went away: its own business.


def make_certificate(node):
    """Makes a self-signed certificate once."""
    if os.path.exists(KEY):
        return
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "90",
         "-subj", f"/CN={node}", "-addext", "subjectAltName=IP:10.255.0.1,IP:fd00:255::1", "-keyout", KEY, "-out", CERTIFICATE],
        check=True, stderr=subprocess.DEVNULL)


def serve_plain(listener, node):
    """Sends the name to everyone who connects: for clients that make more connections than TLS has time for."""
    while True:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(node.encode())


def main():
    """Serves until it is killed; once the port is open, process id and time (CLOCK_MONOTONIC, ns) are written."""
    node = sys.argv[1]
    threading.stack_size(256 * 1024)
    make_certificate(node)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    server = Server(node, context)
    listener = socket.create_server(("", PLAIN_PORT), backlog=512)
    threading.Thread(target=serve_plain, args=(listener, node), daemon=True).start()
    for name, number in (("since", time.monotonic_ns()), ("pid", os.getpid())):
        with open(f"/run/lab/service.{name}.new", "w", encoding="ascii") as file:
            file.write(str(number))
        os.rename(f"/run/lab/service.{name}.new", f"/run/lab/service.{name}")
    server.serve_forever()


main()
