"""What is wrong with settings, with nothing on the node changed."""

from concurrent.futures import ThreadPoolExecutor

from lab.doctor import findings, provoked
from lab.node import TOR_AS

NOBODY = "10.0.1.99"


def faults(node):
    """Code, how it is provoked, and the arguments of `findings` that do it."""
    return [
        ("no-net-admin", "started without CAP_NET_ADMIN", {"capabilities": ()}),
        ("no-net-bind-service", "`listen` without CAP_NET_BIND_SERVICE",
         {"capabilities": ("NET_ADMIN",), "listen": "true"}),
        ("interface-missing", "`interface` names one that is not there", {"interface": "dummy9"}),
        ("router-id-loopback", "`router-id` is 127.0.0.1", {"router_id": "127.0.0.1"}),
        ("control-socket", "a file is where `control-socket` points to",
         {"control_socket": "/etc/ssl/certs/ca-certificates.crt"}),
        ("vip-on-subnet", "the VIP is a free address of the node's subnet", {"vip": "10.0.1.77"}),
        ("vip-answers-arp", "the VIP is an address of the node's subnet, and `arp_ignore` is 0", {"vip": "10.0.1.77"}),
        ("vip-peer-address", "the VIP is the address of the default gateway, and the peer is `gateway`",
         {"vip": node.router, "peers": f"gateway:{TOR_AS}"}),
        ("vip-other-family", "an IPv6 VIP with an IPv4 session", {"vip": "fd00:255::1"}),
        ("vip-unchecked", "`check` is none", {}),
        ("vip-absent", "`bind` is false, and the VIP is not on the node", {"bind": "false"}),
        ("service-not-listening", "nothing listens on the checked port", {"check": "http://127.0.0.1:8099/readyz"}),
        ("check-fails", "the checked port refuses connections", {"check": "http://127.0.0.1:8099/readyz"}),
        ("check-elsewhere", "the check asks the router", {"check": f"tcp://{node.router}:443"}),
        ("check-file", "`check-ca-file` names a file that is not there",
         {"check": "https://127.0.0.1:6443/readyz", "check_ca_file": "/nonexistent/ca.crt"}),
        ("peer-is-self", "the peer is the node's own address", {"peers": f"{node.address}:{TOR_AS}"}),
        ("peer-unreachable", "the peer is a free address of the subnet", {"peers": f"{NOBODY}:{TOR_AS}"}),
        ("peer-refused", "no BGP runs on the router", {}),
        ("peer-not-on-link", "the peer is behind the router, without `multihop`", {"peers": f"10.2.0.2:{TOR_AS}"}),
        ("peer-source-missing", "`source-address` is not on the node", {"source_address": "10.9.9.9"}),
        ("bfd-too-fast", "BFD at 50 ms × 3 without CAP_SYS_NICE", {"capabilities": ("NET_ADMIN",), "bfd": "50ms"}),
    ]


def doctor_settings(lab):
    """Doctor: what is wrong with settings, with nothing on the node changed."""
    node = lab.nodes[0]
    all_faults = faults(node)
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda fault: findings(node, **fault[2]), all_faults)
        for (code, how, _), findings_of_it in zip(all_faults, found):
            provoked(findings_of_it, code, how)
    return f"{len(all_faults)} findings"
