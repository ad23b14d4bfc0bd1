"""A pod, or whatever else answers HTTP: any path is answered with 200 and its name.

The process id is in /run/lab/NAME.pid once the port is open on all addresses. Usage: pod.py NAME ADDRESS[,ADDRESS…] PORT
"""

import http.server
import os
import socket
import socketserver
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    """Keeps connections open."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """One request."""
        body = (self.server.name + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        """Requests are of no interest."""


class Server(http.server.ThreadingHTTPServer):
    """A server that does not look up its host's name."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, name, address):
        self.name = name
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, Handler)

    def server_bind(self):
        """Binds the address, and nothing else."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.name, self.server_address[1]

    def handle_error(self, request, client_address):
        """Clients come and go."""


def main():
    """Serves until it is killed."""
    name, addresses, port = sys.argv[1:]
    threading.stack_size(256 * 1024)
    first, *others = [Server(name, (address, int(port))) for address in addresses.split(",")]
    with open(f"/run/lab/{name}.pid.new", "w", encoding="ascii") as file:
        file.write(str(os.getpid()))
    os.rename(f"/run/lab/{name}.pid.new", f"/run/lab/{name}.pid")
    for server in others:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    first.serve_forever()


main()
