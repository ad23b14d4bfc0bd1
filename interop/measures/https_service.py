"""A service that speaks HTTPS, answers every request with 200 and keeps connections: https_service.py DIRECTORY PORT."""

import http.server
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path


class Handler(http.server.BaseHTTPRequestHandler):
    """Says yes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        """One request."""
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, format, *arguments):
        """Says nothing."""


class Server(http.server.ThreadingHTTPServer):
    """A TLS server; each handshake runs in its connection's thread."""

    daemon_threads = True

    def __init__(self, port, context):
        self.context = context
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self):
        """Binds without looking up a host name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "node", self.server_address[1]

    def finish_request(self, request, client_address):
        """Does TLS, then HTTP."""
        try:
            with self.context.wrap_socket(request, server_side=True) as secured:
                self.RequestHandlerClass(secured, client_address, self)
        except OSError:
            pass  # The other side went away: its own business.


def main():
    """Serves until it is killed."""
    directory, port = Path(sys.argv[1]), int(sys.argv[2])
    threading.stack_size(256 * 1024)
    certificate, key = directory / "service.crt", directory / "service.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=node", "-keyout", key, "-out", certificate], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    Server(port, context).serve_forever()


if __name__ == "__main__":
    main()
