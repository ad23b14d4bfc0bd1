"""The scenarios, in the order they run: those of the rack with BIRD on its ToR, those with real Kubernetes
parts, then the same ones for each router.

Each takes a clean rack or cell, fails by an exception and may return its figures.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lab.routers import PROGRAMS
from scenarios import doctor, hostile, kubernetes, routers
from scenarios.addresses import (
    descriptors_used_up, foreign_address, metrics_port_taken, network_later, no_net_admin, vip_removed,
)
from scenarios.alerts import alerts
from scenarios.bfd import bfd
from scenarios.departures import (
    drain, drain_file, drain_one_vip, quiet_clients, settings_error, sigkill, sigterm, two_instances,
)
from scenarios.documents import documents, getting_started
from scenarios.kubeadm import kubeadm_env
from scenarios.last_resort import last_resort, llgr
from scenarios.load_balancer import load_balancer, load_balancer_without_api
from scenarios.pods import kube_play
from scenarios.privileges import least_privilege, least_privilege_programs
from scenarios.reload import (
    gateway_moves, reload_bfd, reload_checks_and_process, reload_invalid, reload_peers, reload_vips, router_id_derived,
    things_later,
)
from scenarios.routing import ecmp, tor_restart
from scenarios.services import (
    linger_500, service_accepts_none, service_fails_500, service_hangs, service_killed, service_killed_closing,
    service_killed_closing_unannounced, speaker_stopped,
)
from scenarios.sessions import (
    extended_next_hop, ibgp, ipv6, md5, multihop, other_speaker, other_speaker_frr, peers_reasons, reset_lost, session_up,
    ttl_security, unnumbered,
)
from scenarios.tor_config import tor_config
from scenarios.unused_ports import load_balancer_unused_ports
from scenarios.watching import on_change, ready_when, status_page, watching

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
    service_hangs, service_fails_500, service_accepts_none, speaker_stopped, linger_500, sigterm, sigkill,
    settings_error, two_instances, drain, drain_one_vip, quiet_clients, drain_file, last_resort, llgr, bfd,
    tor_restart, ipv6, extended_next_hop, unnumbered, multihop, md5, ttl_security, ibgp, other_speaker,
    other_speaker_frr, peers_reasons, reset_lost, vip_removed, foreign_address, no_net_admin, network_later,
    metrics_port_taken, descriptors_used_up, least_privilege, least_privilege_programs, things_later, router_id_derived, reload_peers, reload_vips,
    reload_checks_and_process, reload_bfd, reload_invalid, gateway_moves, load_balancer, load_balancer_without_api, load_balancer_unused_ports, kubeadm_env, kube_play, getting_started,
    documents, tor_config, watching, status_page, ready_when, on_change, alerts, *hostile.ALL, *doctor.ALL,
)] + [
    Scenario(f"{KUBERNETES}_{function.__name__.removeprefix('kubernetes_')}", KUBERNETES, function.__name__, function)
    for function in kubernetes.ALL
] + [
    Scenario(f"{program.name}_{function.__name__}", program.name, function.__name__, function)
    for program in PROGRAMS.values() for function in routers.ALL if function.__name__ not in program.impossible
]
