"""The scenarios, in the order they run. Each takes a clean lab, fails by an exception and may return its figures."""

from scenarios.addresses import foreign_address, no_net_admin, vip_removed
from scenarios.departures import sigkill, sigterm
from scenarios.kubeadm import kubeadm_env
from scenarios.routing import ecmp, tor_restart
from scenarios.services import service_fails_500, service_hangs, service_killed
from scenarios.sessions import (
    extended_next_hop, ibgp, ipv6, md5, multihop, peers_reasons, session_up, ttl_security,
)

ALL = [
    session_up, ecmp, service_killed, service_hangs, service_fails_500, sigterm, sigkill, tor_restart, ipv6,
    extended_next_hop, multihop, md5, ttl_security, ibgp, peers_reasons, vip_removed, foreign_address, no_net_admin,
    kubeadm_env,
]
