"""The scenarios, in the order they run: those of the rack with BIRD on its ToR, those with real Kubernetes
parts, then the same ones for each router.

Each takes a clean rack or cell, fails by an exception and may return its figures.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lab.routers import PROGRAMS
from scenarios import kubernetes, routers
from scenarios.addresses import foreign_address, network_later, no_net_admin, vip_removed
from scenarios.bfd import bfd
from scenarios.departures import drain, drain_file, drain_one_vip, quiet_clients, sigkill, sigterm
from scenarios.doctor import doctor_node, doctor_peers, doctor_settings
from scenarios.kubeadm import kubeadm_env
from scenarios.last_resort import last_resort, llgr
from scenarios.routing import ecmp, tor_restart
from scenarios.services import (
    linger_500, service_accepts_none, service_fails_500, service_hangs, service_killed, service_killed_closing,
    service_killed_closing_unannounced, speaker_stopped,
)
from scenarios.sessions import (
    extended_next_hop, ibgp, ipv6, md5, multihop, other_speaker, peers_reasons, session_up, ttl_security, unnumbered,
)
from scenarios.tor_config import tor_config

RACK, KUBERNETES = "rack", "kubernetes"


@dataclass(frozen=True)
class Scenario:
    """A scenario and where it runs: in the rack, in the cluster of real Kubernetes parts, or in a router's cell."""

    name: str
    place: str
    subject: str
    run: Callable[[object], str | None]

    @property
    def summary(self):
        """What it shows, in a sentence."""
        return self.run.__doc__.strip().splitlines()[0]


ALL = [Scenario(function.__name__, RACK, function.__name__, function) for function in (
    session_up, ecmp, service_killed, service_killed_closing, service_killed_closing_unannounced,
    service_hangs, service_fails_500, service_accepts_none, speaker_stopped, linger_500, sigterm, sigkill, drain,
    drain_one_vip, quiet_clients, drain_file, last_resort, llgr, bfd, tor_restart, ipv6, extended_next_hop, unnumbered,
    multihop, md5, ttl_security, ibgp, other_speaker, peers_reasons, vip_removed, foreign_address, no_net_admin,
    network_later, kubeadm_env, tor_config, doctor_settings, doctor_node, doctor_peers,
)] + [
    Scenario(f"{KUBERNETES}_{function.__name__.removeprefix('kubernetes_')}", KUBERNETES, function.__name__, function)
    for function in kubernetes.ALL
] + [
    Scenario(f"{program.name}_{function.__name__}", program.name, function.__name__, function)
    for program in PROGRAMS.values() for function in routers.ALL if function.__name__ not in program.impossible
]
