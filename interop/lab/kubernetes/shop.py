"""A cluster with Services: real API servers and kube-proxies, bgpvip with nothing but Services on every node."""

import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.kubernetes.api import API
from lab.kubernetes.cluster import FRONT
from lab.kubernetes.kube_proxy import KubeProxy
from lab.kubernetes.rollout import PORT, Deployment
from lab.node import NODE_AS, TOR_AS
from lab.tor_config import bird_neighbors
from lab.waiting import eventually, expect_equal

POOL = "198.51.100.0/25"
NAMESPACE, SERVICE = "shop", "web"
# Where the printed DaemonSet has its service account and its Leases.
OURS = "bgpvip"
START_LIMIT = 30


def service(policy, port=80):
    """A Service of ours."""
    return {
        "apiVersion": "v1", "kind": "Service",
        "spec": {"type": "LoadBalancer", "loadBalancerClass": "bgpvip/vip", "externalTrafficPolicy": policy,
                 "allocateLoadBalancerNodePorts": False, "selector": {"app": SERVICE},
                 "ports": [{"name": "", "port": port, "protocol": "TCP", "targetPort": PORT}]},
    }


class Shop:
    """From entering to leaving the `with` block: everything up and well; `mode` is kube-proxy's."""

    def __init__(self, cluster, mode):
        self.cluster, self.nodes = cluster, cluster.members
        cluster.serve(FRONT)
        self.api = API(self.nodes[2].host, cluster.port)
        self.proxies = [KubeProxy(node, cluster.port, mode) for node in self.nodes]
        self.deployment, self.address = None, None
        self.directory = tempfile.TemporaryDirectory(prefix="bgpvip-lab-")

    def __enter__(self):
        try:
            self.prepare()
            with ThreadPoolExecutor() as pool:
                list(pool.map(lambda proxy: proxy.start(), self.proxies))
            self.cluster.bird.start(bird_neighbors(self.nodes, vips=(), pools=(POOL,)))
            with ThreadPoolExecutor() as pool:
                list(pool.map(self.speak, self.nodes))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        if self.deployment:
            self.deployment.stop()
        for proxy in self.proxies:
            proxy.stop()
        self.directory.cleanup()

    def prepare(self):
        """The objects that everything else needs, among them what `bgpvip manifest` prints."""
        self.api.apply("Namespace", None, NAMESPACE, {"apiVersion": "v1", "kind": "Namespace"})
        for kind, namespace in (("Service", NAMESPACE), ("EndpointSlice", NAMESPACE), ("Lease", OURS)):
            self.api.delete_all(kind, namespace)
        for node in self.nodes:
            self.api.apply("Node", None, node.name, {"apiVersion": "v1", "kind": "Node"})
            self.api.apply("Node", None, node.name, {
                "apiVersion": "v1", "kind": "Node",
                "status": {"addresses": [{"type": "InternalIP", "address": node.address}]}}, "/status")
        printed = self.cluster.printed(
            "manifest", "daemonset", "--local-as", str(NODE_AS), "--peers", f"gateway:{TOR_AS}", "--services",
            "--services-pools", POOL)
        for text in printed.split("\n---\n"):
            kind, name = (re.search(rf"^ *{key}: (\S+)$", text, re.M)[1] for key in ("kind", "name"))
            self.api.apply(kind, OURS, name, text)
        directory = Path(self.directory.name)
        directory.chmod(0o755)
        (directory / "kubeconfig").write_text(self.api.kubeconfig(OURS, OURS), encoding="utf-8")

    def speak(self, node):
        """Starts bgpvip on a node, with the rights that the manifest gives it."""
        node.speaker.start({
            "BGPVIP_LOCAL_AS": str(NODE_AS), "BGPVIP_ROUTER_ID": node.address, "BGPVIP_PEERS": f"{node.router}:{TOR_AS}",
            "BGPVIP_SERVICES": "true", "BGPVIP_SERVICES_POOLS": POOL, "BGPVIP_SERVICES_NODE": node.name,
            "BGPVIP_SERVICES_NAMESPACE": OURS, "BGPVIP_SERVICES_KUBECONFIG": "/etc/bgpvip/kubeconfig",
        }, ["run"], directories={self.directory.name: "/etc/bgpvip"})

    def open(self, replicas=2):
        """Creates the Service, whose policy is Local, and its pods; waits until it is advertised where they are."""
        self.api.apply("Service", NAMESPACE, SERVICE, service("Local"))
        self.deployment = Deployment(self.api, self.nodes, NAMESPACE, SERVICE, replicas)
        self.address = eventually("the Service has an address", self.ingress, START_LIMIT)
        self.await_pods()

    def ingress(self):
        """The address in the Service's status, if there is one."""
        return next(iter(self.addresses().values()), None)

    def addresses(self):
        """The address of every Service that has one, by name."""
        found = {}
        for item in self.api.items("Service", NAMESPACE):
            ingress = item["status"]["loadBalancer"].get("ingress", [])
            if ingress:
                expect_equal([(len(ingress), entry.get("ipMode")) for entry in ingress], [(1, "VIP")],
                             f"the status of {item['metadata']['name']}")
                found[item["metadata"]["name"]] = ingress[0]["ip"]
        return found

    @property
    def prefix(self):
        """What the routers know the Service by."""
        return f"{self.address}/32"

    def await_pods(self):
        """Waits until the ToR's kernel sends the Service's traffic to the nodes of its pods, and to no other."""
        wanted = sorted({pod.node.address for pod in self.deployment.pods})
        eventually(f"the ToR's next hops of {self.address} are {wanted}",
                   lambda: self.cluster.tor.next_hops(self.prefix) == wanted, START_LIMIT)
