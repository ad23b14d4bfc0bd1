"""States of hosts that are taken back when their block is left."""

import contextlib
from datetime import datetime, timedelta, timezone

from lab.engine import LABEL
from lab.images import HOST
from lab.kubernetes.daemon import Daemon
from lab.waiting import eventually

# Holds a TCP port open, and says nothing.
SILENT = """
import socket, sys, time
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
time.sleep(60)
"""
DATAGRAMS = """
import socket, sys, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", int(sys.argv[1])))
time.sleep(60)
"""
# Answers each request with a status; with a certificate, over TLS.
ANSWERS = """
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[2]))
        self.send_header("Content-Length", "0")
        self.end_headers()
server = http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Handler)
if sys.argv[3:]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[3:])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""
CERTIFICATE, KEY = "/run/lab/other.crt", "/run/lab/other.key"


@contextlib.contextmanager
def running(host, script, *arguments, port, protocol="t"):
    """A Python program on a host that has opened its port; it ends with the block."""
    program = Daemon(host, "other", "python3", "-c", script, *map(str, arguments))
    program.start()
    try:
        eventually(f"port {port} of {host.name} is open",
                   lambda: host.run("ss", f"-Hln{protocol}", f"sport = :{port}"), 10)
        yield
    finally:
        program.stop("KILL")


@contextlib.contextmanager
def certified(host, port, begins, ends):
    """An HTTPS server on a host, with a certificate for the lab's VIP that begins and ends so many days from now."""
    def stamp(days):
        # A little more than that, so that whole days remain while the scenario runs.
        return (datetime.now(timezone.utc) + timedelta(days=days, hours=1 if days > 0 else -1)).strftime("%Y%m%d%H%M%SZ")
    host.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-not_before", stamp(begins), "-not_after", stamp(ends), "-subj", "/CN=other",
             "-addext", "subjectAltName=IP:10.255.0.1", "-keyout", KEY, "-out", CERTIFICATE)
    with running(host, ANSWERS, port, 200, CERTIFICATE, KEY, port=port):
        yield


@contextlib.contextmanager
def changed(host, change, back):
    """A change of a host by shell commands."""
    host.shell(change)
    try:
        yield
    finally:
        host.shell(back)


@contextlib.contextmanager
def sysctls(host, **values):
    """Other values of a host's network sysctls; in their names `__` is a dot."""
    wanted = {name.replace("__", "."): value for name, value in values.items()}
    before = {name: host.run("sysctl", "-n", name).strip() for name in wanted}
    set_sysctls(host, wanted)
    try:
        yield
    finally:
        set_sysctls(host, before)


def set_sysctls(host, values):
    """Only a privileged container may write them."""
    host.engine.command(
        "run", "--rm", "--label", f"{LABEL}=guest", "--privileged", "--network", f"container:{host.container}", HOST,
        "sysctl", "-q", "-w", *[f"{name}={value}" for name, value in values.items()])


def filtered(host, rule, hook="input"):
    """A rule of the host's firewall, for example `tcp dport 179 drop`."""
    return changed(
        host, f"nft 'add table ip other; add chain ip other it {{ type filter hook {hook} priority 0; }};"
        f" add rule ip other it {rule}'", "nft delete table ip other")
