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

POOL, POOL6 = "198.51.100.0/25", "2001:db8:100::/121"
POOLS = (POOL, POOL6)
NAMESPACE, SERVICE = "shop", "web"
# Where the printed DaemonSet has its service account and its Leases.
OURS = "bgpvip"
START_LIMIT = 30


def service(policy, port=80, families=("IPv4",)):
    """A Service of ours."""
    return {
        "apiVersion": "v1", "kind": "Service",
        "spec": {"type": "LoadBalancer", "loadBalancerClass": "bgpvip/vip", "externalTrafficPolicy": policy,
                 "allocateLoadBalancerNodePorts": False, "selector": {"app": SERVICE},
                 "ports": [{"name": "", "port": port, "protocol": "TCP", "targetPort": PORT}], "ipFamilies": list(families),
                 "ipFamilyPolicy": "SingleStack" if len(families) == 1 else "RequireDualStack"},
    }


class Shop:
    """From entering to leaving the `with` block: everything up and well; `mode` is kube-proxy's."""

    def __init__(self, cluster, mode):
        self.cluster, self.nodes = cluster, cluster.members
        cluster.serve(FRONT)
        self.api = API(self.nodes[2].host, cluster.port)
        self.proxies = [KubeProxy(node, cluster.port, mode) for node in self.nodes]
        self.deployment, self.address, self.address6 = None, None, None
        self.directory = tempfile.TemporaryDirectory(prefix="bgpvip-lab-")

    def __enter__(self):
        try:
            self.prepare()
            with ThreadPoolExecutor() as pool:
                list(pool.map(lambda proxy: proxy.start(), self.proxies))
            self.cluster.bird.start(bird_neighbors(self.nodes, vips=(), pools=POOLS))
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
            self.api.set_addresses(node)
        printed = self.cluster.printed(
            "manifest", "daemonset", "--local-as", str(NODE_AS), "--peers", f"gateway:{TOR_AS}", "--services",
            "--services-pools", ",".join(POOLS))
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
            "BGPVIP_SERVICES": "true", "BGPVIP_SERVICES_POOLS": ",".join(POOLS), "BGPVIP_SERVICES_NODE": node.name,
            "BGPVIP_SERVICES_NAMESPACE": OURS, "BGPVIP_SERVICES_KUBECONFIG": "/etc/bgpvip/kubeconfig",
        }, ["run"], directories={self.directory.name: "/etc/bgpvip"})

    def open(self, replicas=2, families=("IPv4",)):
        """Creates the Service, whose policy is Local, and its pods; waits until it is advertised where they are."""
        self.api.apply("Service", NAMESPACE, SERVICE, service("Local", families=families))
        self.deployment = Deployment(self.api, self.nodes, NAMESPACE, SERVICE, replicas, families)
        ingress = eventually("the Service has an address", lambda: self.ingress(SERVICE), START_LIMIT)
        expect_equal([":" in address for address in ingress], [family == "IPv6" for family in families],
                     f"the families of {ingress}")
        self.address, self.address6 = (*ingress, None)[:2]
        self.await_pods()

    def ingress(self, name):
        """The addresses in the status of a Service."""
        return self.addresses().get(name)

    def addresses(self):
        """The addresses of every Service that has some, by name."""
        found = {}
        for item in self.api.items("Service", NAMESPACE):
            ingress = item["status"]["loadBalancer"].get("ingress", [])
            expect_equal({entry.get("ipMode") for entry in ingress} | {"VIP"}, {"VIP"},
                         f"ipMode in the status of {item['metadata']['name']}")
            if ingress:
                found[item["metadata"]["name"]] = [entry["ip"] for entry in ingress]
        return found

    @property
    def prefix(self):
        """What the routers know the Service by."""
        return f"{self.address}/32"

    @property
    def prefix6(self):
        """The same in IPv6, if the Service has an address there."""
        return f"{self.address6}/128"

    def await_pods(self):
        """Waits until the ToR's kernel sends the Service's traffic to the nodes of its pods, and to no other."""
        nodes = [pod.node for pod in self.deployment.pods]
        self.await_next_hops(self.prefix, {node.address for node in nodes})
        if self.address6:
            self.await_next_hops(self.prefix6, {node.address6 for node in nodes})

    def await_next_hops(self, prefix, addresses):
        """Waits until the ToR's kernel sends the traffic of a prefix to these, and to no other."""
        eventually(f"the ToR's next hops of {prefix} are {sorted(addresses)}",
                   lambda: self.cluster.tor.next_hops(prefix) == sorted(addresses), START_LIMIT)
