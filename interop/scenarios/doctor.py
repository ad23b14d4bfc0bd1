"""`bgpvip doctor` names what is wrong: each finding is provoked on a node, and asked for by its code."""

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor

from lab.bird import neighbor
from lab.engine import LABEL
from lab.kubernetes.daemon import Daemon
from lab.node import NODE_AS, TOR_AS, VIP
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import PREFIX, await_bound, start_rack, tor_neighbors

CAPABILITIES = ("NET_ADMIN", "NET_BIND_SERVICE", "SYS_NICE")
NOBODY = "10.0.1.99"
LISTENER = """
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


def doctor(lab, node, capabilities=CAPABILITIES, **settings):
    """The codes that `bgpvip doctor` finds on a node for these settings, where no daemon runs."""
    wanted = {
        "local-as": NODE_AS, "router-id": node.address, "vip": VIP, "peers": f"{node.router}:{TOR_AS}", "check": "none",
        "control-socket": "none", **{name.replace("_", "-"): value for name, value in settings.items()}}
    answer = lab.engine.command(
        "run", "--rm", "--label", f"{LABEL}=guest", "--network", f"container:{node.host.container}", "--cap-drop", "ALL",
        *[part for name in capabilities for part in ("--cap-add", name)], lab.product, "doctor", "--json",
        *[f"--{name}={value}" for name, value in wanted.items()], check=False).stdout
    return {finding["code"] for finding in json.loads(answer)["findings"]}


def named(codes, code):
    """The finding must be among the codes."""
    expect(code in codes, f"{code} is not among what doctor found: {', '.join(sorted(codes)) or 'nothing'}")


def doctor_settings(lab):
    """Doctor: what is wrong with settings, with nothing on the node changed."""
    node = lab.nodes[0]
    provoked = {
        "no-net-admin": {"capabilities": ()},
        "no-net-bind-service": {"capabilities": ("NET_ADMIN",), "listen": "true"},
        "interface-missing": {"interface": "dummy9"},
        "router-id-loopback": {"router_id": "127.0.0.1"},
        "vip-on-subnet": {"vip": "10.0.1.77"},
        "vip-answers-arp": {"vip": "10.0.1.77"},
        "vip-other-family": {"vip": "fd00:255::1"},
        "vip-unchecked": {},
        "vip-absent": {"bind": "false"},
        "service-not-listening": {"check": "http://127.0.0.1:8099/readyz"},
        "check-fails": {"check": "http://127.0.0.1:8099/readyz"},
        "check-elsewhere": {"check": f"tcp://{node.router}:443"},
        "peer-is-self": {"peers": f"{node.address}:{TOR_AS}"},
        "peer-unreachable": {"peers": f"{NOBODY}:{TOR_AS}"},
        "peer-refused": {},
        "peer-not-on-link": {"peers": f"10.2.0.2:{TOR_AS}"},
        "peer-source-missing": {"source_address": "10.9.9.9"},
        "bfd-too-fast": {"capabilities": ("NET_ADMIN",), "bfd": "50ms"},
        "check-file": {"check": "https://127.0.0.1:6443/readyz", "check_ca_file": "/nonexistent/ca.crt"},
    }
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda settings: doctor(lab, node, **settings), provoked.values())
        for code, codes in zip(provoked, found):
            named(codes, code)
    return f"{len(provoked)} findings"


@contextlib.contextmanager
def running(host, script, *arguments):
    """A Python program on a host, until the block is left."""
    program = Daemon(host, "other", "python3", "-c", script, *arguments)
    program.start()
    try:
        yield
    finally:
        program.stop("KILL")


@contextlib.contextmanager
def changed(host, change, back):
    """A change of a host, taken back when the block is left."""
    host.shell(change)
    try:
        yield
    finally:
        host.shell(back)


def refusing(router, verdict):
    """The router's firewall does this with what comes to the BGP port."""
    return changed(
        router, "nft 'add table ip mute; add chain ip mute in { type filter hook input priority 0; };"
        f" add rule ip mute in tcp dport 179 {verdict}'", "nft delete table ip mute")


def doctor_node(lab):
    """Doctor: what is wrong with the node."""
    node = lab.nodes[0]
    host = node.host
    at_6443 = {"check": "tcp://127.0.0.1:6443"}
    provoked = [
        ("vip-node-address",
         changed(host, "ip addr add 10.0.1.77/24 dev ens192", "ip addr del 10.0.1.77/24 dev ens192"),
         {"vip": "10.0.1.77"}),
        ("vip-elsewhere", changed(host, f"ip addr add {PREFIX} dev ens192", f"ip addr del {PREFIX} dev ens192"), {}),
        ("vip-foreign", changed(host, f"ip addr add {PREFIX} dev lo", f"ip addr del {PREFIX} dev lo"), {}),
        ("service-elsewhere", running(host, LISTENER, "127.0.0.1", "6443"), at_6443),
        ("listen-port-taken", running(host, LISTENER, "0.0.0.0", "179"), {"listen": "true"}),
        ("bfd-port-taken", running(host, DATAGRAMS, "3784"), {"bfd": "300ms"}),
        ("interface-down", changed(host, "ip link add v9 type veth peer name v9p", "ip link del v9"),
         {"interface": "v9"}),
        ("peer-prohibited-here",
         changed(host, f"ip route add prohibit {NOBODY}/32", f"ip route del prohibit {NOBODY}/32"),
         {"peers": f"{NOBODY}:{TOR_AS}"}),
        ("peer-silent", refusing(lab.tor, "drop"), {}),
        ("peer-rejected-on-the-way", refusing(lab.tor, "reject with icmp type admin-prohibited"), {}),
        ("kube-proxy-ipvs",
         changed(host, "ip link add kube-ipvs0 type veth peer name v9p", "ip link del kube-ipvs0"), {}),
    ]
    for code, state, settings in provoked:
        with state:
            host.shell("sleep 0.3")
            named(doctor(lab, node, **settings), code)
    node.start()
    await_bound(node, True)
    # The service's certificate is for the lab's VIPs.
    named(doctor(lab, node, vip="10.254.0.9", check="https://127.0.0.1:6443/readyz"), "certificate-name")
    node.speaker.signal("KILL")
    node.speaker.exit_status()
    named(doctor(lab, node), "vip-leftover")
    return f"{len(provoked) + 2} findings"


def found_beside(node):
    """The codes of the findings beside a node's daemon."""
    return {finding["code"] for finding in json.loads(node.speaker.ask("doctor", "--json"))["findings"]}


def running_daemon(lab, node):
    """What only a daemon learns, because it goes on with the session."""
    lab.bird.start(*tor_neighbors([node]))
    node.start(BGPVIP_BFD="300ms")
    eventually("doctor finds bfd-down", lambda: "bfd-down" in found_beside(node), 20)
    lab.tor.run("birdc", "disable", node.name, '"maintenance"')
    eventually("doctor finds peer-shut-down", lambda: "peer-shut-down" in found_beside(node), 20)
    node.service.kill()
    lab.bird.kill()


def doctor_peers(lab):
    """Doctor: what is wrong between the node and a router; nothing is, once all fits."""
    node = lab.nodes[0]
    router = f"{node.router}:{TOR_AS}"
    fits = {"peer_as": NODE_AS}
    provoked = [
        ("peer-closed-before-open", [], {}),
        ("peer-wrong-as", [fits], {"peers": f"{node.router}:64999"}),
        ("peer-silent-signed", [{**fits, "password": "another"}], {"peers": f"{router}:secret"}),
        ("peer-without-password", [fits], {"peers": f"{router}:secret"}),
    ]
    provoked.append(("peer-same-router-id", [fits], {"router_id": "10.0.0.1"}))
    for code, neighbors, settings in provoked:
        lab.bird.start(*[neighbor(node.name, node.address, **options) for options in neighbors] or
                       tor_neighbors(lab.nodes[1:2]))
        named(doctor(lab, node, **settings), code)
        lab.bird.kill()
    running_daemon(lab, node)
    start_rack(lab, lab.nodes)
    for healthy in lab.nodes:
        answer = json.loads(healthy.speaker.ask("doctor", "--json"))
        expect_equal([finding["code"] for finding in answer["findings"]], [], f"the findings on {healthy.name}")
    node.speaker.ask("drain", "--wait")
    expect_equal(
        [finding["code"] for finding in json.loads(node.speaker.ask("doctor", "--json"))["findings"]],
        ["node-drained"], "the findings on a drained node")
    return f"{len(provoked) + 3} findings, and none on a healthy rack"
