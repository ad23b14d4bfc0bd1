"""What is wrong with the node: addresses, interfaces, kernel settings, firewalls, the service and its certificate."""

import contextlib
import os
import re
import tempfile
import time
from pathlib import Path

from lab.doctor import findings, provoked
from lab.node import TOR_AS
from lab.waiting import eventually
from scenarios.doctor.settings import NOBODY
from scenarios.doctor.states import (
    ANSWERS, DATAGRAMS, SILENT, certified, changed, filtered, running, sysctls,
)
from scenarios.rack import PREFIX, await_bound

OTHER_SUBNET, OTHER_ROUTER = "10.9.8.0/24", "10.9.8.2"
SECOND_LINK = f"""\
ip link add v9 type veth peer name v9p
ip addr add 10.9.8.1/24 dev v9
ip link set v9 up
ip link set v9p up
"""
# A client whose packets come by one link, and whose answers would leave by the other.
CLIENT = "10.77.0.1"
PACKET = f"import socket; s = socket.socket(2, 2); s.bind(('{CLIENT}', 0)); s.sendto(b'x', ('%s', 9))"
SERVICE_RANGE = """\
spec:
  containers:
  - command:
    - kube-apiserver
    - --service-cluster-ip-range=10.255.0.0/16
"""


def faults(lab, node):
    """Code, how it is provoked, the state of the node, and the arguments of `findings`."""
    host = node.host
    at_8443 = {"check": "https://127.0.0.1:8443/readyz"}
    two_peers = {"peers": f"{node.router}:{TOR_AS},{OTHER_ROUTER}:{TOR_AS}"}
    return [
        ("vip-node-address", "the VIP is an address of the node in its subnet",
         changed(host, "ip addr add 10.0.1.77/24 dev ens192", "ip addr del 10.0.1.77/24 dev ens192"),
         {"vip": "10.0.1.77"}),
        ("vip-elsewhere", "`ip addr add VIP dev ens192`, as kube-vip does in its ARP mode",
         changed(host, f"ip addr add {PREFIX} dev ens192", f"ip addr del {PREFIX} dev ens192"), {}),
        ("vip-foreign", "`ip addr add VIP dev lo`, as kube-vip and keepalived leave it",
         changed(host, f"ip addr add {PREFIX} dev lo", f"ip addr del {PREFIX} dev lo"), {}),
        ("service-elsewhere", "the service listens on 127.0.0.1 only",
         running(host, SILENT, "127.0.0.1", 6443, port=6443), {"check": "tcp://127.0.0.1:6443"}),
        ("listen-port-taken", "another program listens on port 179",
         running(host, SILENT, "0.0.0.0", 179, port=179), {"listen": "true"}),
        ("bfd-port-taken", "another program has UDP port 3784",
         running(host, DATAGRAMS, 3784, port=3784, protocol="u"), {"bfd": "300ms"}),
        ("interface-down", "the interface of the VIPs is down",
         changed(host, "ip link add v9 type veth peer name v9p", "ip link del v9"), {"interface": "v9"}),
        ("arp-silent", "`arp_ignore` is 8 on the interface towards the router",
         sysctls(host, net__ipv4__conf__ens192__arp_ignore=8), {}),
        ("rp-filter", "`rp_filter` is 1, and the peers are reached by two interfaces", asymmetric(host), two_peers),
        ("martian-sources", "a packet comes by one link whose answer would leave by the other; `rp_filter` is 1",
         martian(lab.tor, node), two_peers),
        ("conntrack-strict", "`nf_conntrack_tcp_loose` is 0",
         sysctls(host, net__netfilter__nf_conntrack_tcp_loose=0), {}),
        ("kube-proxy-ipvs", "there is an interface `kube-ipvs0`, which kube-proxy makes in IPVS mode",
         changed(host, "ip link add kube-ipvs0 type veth peer name v9p", "ip link del kube-ipvs0"), {}),
        ("check-anonymous", "the service answers 403 to anonymous requests",
         running(host, ANSWERS, 8099, 403, port=8099), {"check": "http://127.0.0.1:8099/readyz"}),
        ("certificate-expired", "the service's certificate ended 3 days ago", certified(host, 8443, -9, -3), at_8443),
        ("certificate-expires", "the service's certificate ends in 3 days", certified(host, 8443, -9, 3), at_8443),
        ("certificate-future", "the service's certificate begins in 3 days, as it seems to a clock that is slow",
         certified(host, 8443, 3, 90), at_8443),
        ("certificate-name", "the service's certificate is for other addresses than the VIP",
         certified(host, 8443, -9, 90), {**at_8443, "vip": "10.254.0.9"}),
        ("peer-no-route", "the node has no default route, and the peer is in no subnet of it",
         changed(host, "ip -4 route del default", f"ip -4 route add default via {node.router}"),
         {"peers": f"198.51.100.1:{TOR_AS}::2"}),
        ("peer-prohibited-here", "`ip route add prohibit PEER` on the node",
         changed(host, f"ip route add prohibit {NOBODY}/32", f"ip route del prohibit {NOBODY}/32"),
         {"peers": f"{NOBODY}:{TOR_AS}"}),
        ("peer-silent", "the router's firewall drops port 179", filtered(lab.tor, "tcp dport 179 drop"), {}),
        ("peer-rejected-on-the-way", "the router's firewall rejects port 179 with an ICMP message",
         filtered(lab.tor, "tcp dport 179 reject with icmp type admin-prohibited"), {}),
    ]


@contextlib.contextmanager
def asymmetric(host):
    """A second link, with rp_filter strict on both."""
    with changed(host, SECOND_LINK, "ip link del v9"), \
            sysctls(host, net__ipv4__conf__ens192__rp_filter=1, net__ipv4__conf__v9__rp_filter=1):
        yield


@contextlib.contextmanager
def martian(router, node):
    """The same, and a packet that rp_filter drops."""
    with asymmetric(node.host), \
            changed(node.host, f"ip route add {CLIENT} dev v9", f"ip route del {CLIENT} dev v9"), \
            changed(router, f"ip addr add {CLIENT}/32 dev lo", f"ip addr del {CLIENT}/32 dev lo"):
        router.run("python3", "-c", PACKET % node.address)
        eventually("rp_filter drops the packet", lambda: re.search(
            r"Filter +[1-9]", node.host.run("nstat", "-asz", "TcpExtIPReversePathFilter")))
        yield


def file_faults(directory):
    """Code, how it is provoked, a file that does it, where the container has it, and the settings."""
    secret, manifest, future = directory / "password", directory / "kube-apiserver.yaml", directory / "ca.crt"
    secret.write_text("correct horse\n", encoding="ascii")
    secret.chmod(0o644)
    manifest.write_text(SERVICE_RANGE, encoding="ascii")
    future.touch()
    os.utime(future, times=(time.time() + 86400 + 60,) * 2)
    return [
        ("secret-readable", "the password file has mode 0644", secret, "/run/password",
         {"peer_password_file": "/run/password"}),
        ("vip-service-range", "the API server's manifest has a service range with the VIP in it", manifest,
         "/etc/kubernetes/manifests/kube-apiserver.yaml", {}),
        ("clock-wrong", "the CA file was changed tomorrow, as it seems to a clock that is a day slow", future, "/run/ca.crt",
         {"check": "https://127.0.0.1:6443/readyz", "check_ca_file": "/run/ca.crt"}),
    ]


def doctor_node(lab):
    """Doctor: what is wrong with the node, its files, its service and the firewalls."""
    node = lab.nodes[0]
    all_faults = faults(lab, node)
    for code, how, state, settings in all_faults:
        with state:
            provoked(findings(node, **settings), code, how)
    with tempfile.TemporaryDirectory() as directory:
        of_files = file_faults(Path(directory))
        for code, how, file, place, settings in of_files:
            mounted = ("--volume", f"{file}:{place}:ro")
            provoked(findings(node, options=mounted, **settings), code, how)
    node.start()
    await_bound(node, True)
    node.speaker.signal("KILL")
    node.speaker.exit_status()
    provoked(findings(node), "vip-leftover", "bgpvip was killed, and the VIP is on lo")
    return f"{len(all_faults) + len(of_files) + 1} findings"
