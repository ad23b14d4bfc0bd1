"""What is asserted with real Kubernetes parts."""

from lab.kubernetes.cluster import DIRECT, EXTERNAL, HAPROXY, NGINX
from scenarios.kubernetes import applied, faults, local, matrix, overload, pods, services

TITLES = {
    DIRECT: "API servers on 6443",
    EXTERNAL: "two HAProxies on hosts of their own",
    HAPROXY: "HAProxy on 6443 of each node, API servers on 6444",
    NGINX: "nginx on 6443 of each node, API servers on 6444",
}
FAULTS = (
    faults.sigkill, faults.sigterm, faults.sigstop, faults.proxy_killed, faults.cut, faults.reboot, faults.drain,
    faults.etcd_frozen,
)


def cell(topology, fault):
    """The scenario of a topology and a fault."""
    def scenario(cluster):
        return matrix.run(cluster, topology, fault)
    scenario.__name__ = f"kubernetes_{topology}_{fault.__name__}"
    scenario.__doc__ = f"{fault.__doc__}; {TITLES[topology]}."
    return scenario


ALL = [local.join, local.local_drain, local.local_bind, local.local_kill, overload.overload, overload.frozen] + [
    cell(topology, fault) for topology in TITLES for fault in FAULTS if matrix.has(topology, fault)] + [
    services.services_updates, services.services_rehashed, services.services_killed, services.services_without_api,
    services.services_dual_stack, services.services_addresses, applied.manifests_applied, pods.static_pod, pods.kubeadm]
# What needs a kubelet and its companions among the parts.
WITH_KUBELET = ("static_pod", "kubeadm")
# What needs kubectl alone.
WITH_KUBECTL = ("manifests_applied",)
# What needs a kube-proxy.
WITH_PROXY = (
    "services_updates", "services_rehashed", "services_killed", "services_without_api", "services_dual_stack",
    "services_addresses")
