"""What is wrong with the router, as it shows before the daemon is started: BIRD with one fault at a time."""

import contextlib

from lab.bird import neighbor
from lab.doctor import findings, provoked
from lab.node import TOR_AS
from scenarios.doctor.states import SILENT, running

PASSWORD = "secret"
# A router whose OPEN proposes a hold time that RFC 4271 forbids. None of the lab's programs does.
SHORT_HOLD_TIME = """
import socket, struct, sys
server = socket.create_server(("0.0.0.0", 179))
while True:
    connection, _ = server.accept()
    body = struct.pack("!BHH4sB", 4, 65000, 2, bytes((10, 0, 0, 1)), 0)
    connection.sendall(bytes([255] * 16) + struct.pack("!HB", 19 + len(body), 1) + body)
"""


@contextlib.contextmanager
def bird(lab, node, **options):
    """BIRD on the router with one neighbor, the node."""
    lab.bird.start(neighbor(node.name, options.pop("address", node.address), **options))
    try:
        yield
    finally:
        lab.bird.kill()


def faults(lab, node):
    """Code, how it is provoked, the state of the router, and the settings."""
    router = f"{node.router}:{TOR_AS}"
    signed = {"peers": f"{router}:{PASSWORD}"}
    return [
        ("peer-closed-before-open", "BIRD has a neighbor for another node only",
         bird(lab, node, address="10.0.1.3"), {}),
        ("peer-wrong-as", "the peer list has another AS than the router", bird(lab, node),
         {"peers": f"{node.router}:64999"}),
        ("peer-silent-signed", "the two passwords differ", bird(lab, node, password="another"), signed),
        ("peer-without-password", "only the node has a password", bird(lab, node), signed),
        ("peer-demands-ttl", "only the router has `ttl security`", bird(lab, node, ttl_security=True), {}),
        ("peer-without-ttl-security", "only the node has `ttl-security`", bird(lab, node), {"ttl_security": "true"}),
        ("peer-same-router-id", "the node has the router's router ID", bird(lab, node), {"router_id": "10.0.0.1"}),
        ("peer-without-family", "the router has no channel for IPv4", bird(lab, node, channels=("ipv6",)), {}),
        ("peer-keeps-dead-routes", "`graceful restart on` on the router",
         bird(lab, node, more="graceful restart on;"), {}),
        ("peer-wrong-hold-time", "a program on the router proposes a hold time of 2 s",
         running(lab.tor, SHORT_HOLD_TIME, port=179), {}),
        ("peer-no-open", "a program on the router accepts connections and says nothing",
         running(lab.tor, SILENT, "0.0.0.0", 179, port=179), {}),
    ]


def doctor_routers(lab):
    """Doctor, before the start: what is wrong between the node and a router."""
    node = lab.nodes[0]
    all_faults = faults(lab, node)
    for code, how, state, settings in all_faults:
        with state:
            provoked(findings(node, **settings), code, how)
    return f"{len(all_faults)} findings"
