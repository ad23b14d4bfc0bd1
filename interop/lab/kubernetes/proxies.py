"""HAProxy and nginx in front of API servers, with the configurations that docs/kubernetes.md shows for the first node."""

import re

from lab.engine import INTEROP
from lab.kubernetes.daemon import Daemon

PAGE = INTEROP.parent / "docs" / "kubernetes.md"
# The addresses and the port in the page.
FIRST_NODE, PORT = "10.0.1.2", "6444"
HAPROXY_CHECK = "http://127.0.0.1:8404/healthz,tcp://127.0.0.1:6443"
# nginx goes back to its own API server as soon as that accepts a connection, ready or not: so both are asked.
NGINX_CHECK = "https://127.0.0.1:6443/readyz,https://127.0.0.1:6444/readyz"


def shown(heading):
    """The first code block under a heading of the page."""
    return re.search(rf"^## {heading}$.*?^```\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)[1]


def haproxy(host, port):
    """HAProxy on a host, in front of the API servers on this port of the three nodes."""
    host.write("/run/lab/haproxy.conf", shown("HAProxy").replace(PORT, str(port)))
    return Daemon(host, "haproxy", "haproxy", "-db", "-f", "/run/lab/haproxy.conf")


def nginx(node):
    """nginx on a node: its own API server first, the others if that refuses."""
    text = shown("nginx").replace(f"{node.address}:", f"{FIRST_NODE}:")
    node.host.write("/run/lab/nginx.conf", text)
    return Daemon(node.host, "nginx", "nginx", "-g", "daemon off;", "-c", "/run/lab/nginx.conf")
