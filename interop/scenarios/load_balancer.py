"""Services of type LoadBalancer, with a small API server on the ToR and pods that are processes of the nodes."""

import tempfile
import time
from pathlib import Path

from lab.cluster_api import ClusterAPI
from lab.fib import RouteWatch
from lab.tor_config import bird_neighbors
from lab.waiting import eventually, expect, expect_equal
from scenarios.rack import milliseconds

POOLS = ("10.255.1.0/29", "fd00:255:1::/125")
HEALTH_PORT, KUBE_PROXY_PORT, POD_PORT = 32100, 10256, 8080
ROUNDS = 5
# Nanoseconds.
CRASH_LIMIT = 50e6
# What the address of a node's pod looks like in each family, with the number of the node.
PODS = {"IPv4": "10.244.{}.1", "IPv6": "fd00:244:{}::1"}
WEB = {
    "type": "LoadBalancer", "loadBalancerClass": "bgpvip/vip", "externalTrafficPolicy": "Local",
    "healthCheckNodePort": HEALTH_PORT, "ports": [{"port": 80, "protocol": "TCP"}], "selector": {"app": "web"},
}


class Shop:
    """A cluster of the rack's nodes with one Service, shop/web, whose pods are on the first two."""

    def __init__(self, lab, directory, families=("IPv4",)):
        self.lab = lab
        self.families = families
        self.directory = Path(directory)
        self.pods = {f"pod-{node.name}": node for node in lab.nodes[:2]}
        self.api = ClusterAPI(lab.tor, [node.router for node in lab.nodes])
        self.address = None

    def start(self, **settings):
        """Starts everything, and waits until the address is advertised.

        `settings` are variables of bgpvip's environment.
        """
        self.api.start()
        for node in self.lab.nodes:
            self.api.put("nodes", "", node.name, {
                "status": {"addresses": [{"type": "InternalIP", "address": node.address}], "conditions": []}})
        for name in self.pods:
            self.start_pod(name)
        for node in self.lab.nodes:
            node.host.spawn("kube-proxy.log", "python3", "/lab/pod.py", "kube-proxy", "127.0.0.1", str(KUBE_PROXY_PORT))
            if node in self.pods.values():
                node.host.spawn("node-port.log", "python3", "/lab/pod.py", "node-port", node.address, str(HEALTH_PORT))
        self.slice()
        policy = "SingleStack" if len(self.families) == 1 else "RequireDualStack"
        self.api.put("services", "shop", "web", {
            "spec": WEB | {"ipFamilies": self.families, "ipFamilyPolicy": policy}, "status": {"loadBalancer": {}}})
        self.lab.bird.start(bird_neighbors(self.lab.nodes, vips=(), pools=POOLS))
        for node in self.lab.nodes:
            self.start_speaker(node, **settings)
        self.address = eventually("the Service has an address", self.ingress)
        self.await_next_hops(self.pods.values())

    def start_speaker(self, node, **more):
        """Starts bgpvip on a node, with nothing but Services."""
        (self.directory / node.name).mkdir(exist_ok=True)
        (self.directory / node.name / "kubeconfig").write_text(self.api.kubeconfig(node.router))
        settings = {
            name: value for name, value in node.environment().items()
            if name in ("BGPVIP_LOCAL_AS", "BGPVIP_ROUTER_ID", "BGPVIP_PEERS")}
        node.speaker.start({
            **settings, "BGPVIP_SERVICES": "true", "BGPVIP_SERVICES_POOLS": ",".join(POOLS), "BGPVIP_SERVICES_NODE": node.name,
            "BGPVIP_SERVICES_NAMESPACE": "bgpvip", "BGPVIP_SERVICES_KUBECONFIG": "/etc/bgpvip/kubeconfig",
            **more,
        }, ["run"], directories={str(self.directory / node.name): "/etc/bgpvip"})

    @property
    def prefix(self):
        """What the routers know the Service by."""
        return f"{self.address}/32"

    def start_pod(self, name):
        """Starts a pod, and returns once it answers."""
        node = self.pods[name]
        addresses = [pod_address(node, family) for family in self.families]
        node.host.shell("\n".join(
            [f"rm -f /run/lab/{name}.pid", *[f"ip addr replace {address} dev lo nodad" for address in addresses]]))
        node.host.spawn("pod.log", "python3", "/lab/pod.py", name, ",".join(addresses), str(POD_PORT))
        eventually(f"{name} answers", lambda: node.host.shell(f"cat /run/lab/{name}.pid 2>/dev/null", check=False))

    def kill_pod(self, name):
        """SIGKILL of a pod; returns when."""
        return int(self.pods[name].host.run("python3", "/lab/kill_at.py", f"/run/lab/{name}.pid", "KILL"))

    def slice(self, **conditions):
        """Writes the Service's EndpointSlices; conditions of pods that are not ready by name, with _ in place of -."""
        ready = {"ready": True, "serving": True, "terminating": False}
        for family in self.families:
            self.api.put("endpointslices", "shop", f"web-{family.lower()}", {
                "addressType": family, "ports": [{"port": POD_PORT, "protocol": "TCP"}], "endpoints": [
                    {"addresses": [pod_address(node, family)], "nodeName": node.name,
                     "conditions": conditions.get(name.replace("-", "_"), ready)} for name, node in self.pods.items()],
            }, labels={"kubernetes.io/service-name": "web"})

    def addresses(self):
        """The addresses in the Service's status, in its order."""
        entries = [entry for service in self.api.items("services")
                   for entry in service["status"]["loadBalancer"].get("ingress", [])]
        for entry in entries:
            expect_equal(entry.get("ipMode"), "VIP", "ipMode in the status")
        return [entry["ip"] for entry in entries]

    def ingress(self):
        """The first of them; nothing while there is none."""
        return next(iter(self.addresses()), None)

    def await_next_hops(self, nodes, seconds=20):
        """Waits until the ToR sends the Service's traffic to these nodes."""
        wanted = sorted(node.address for node in nodes)
        eventually(f"the ToR's next hops of {self.address} are {wanted}",
                   lambda: self.lab.tor.next_hops(self.prefix) == wanted, seconds)


def pod_address(node, family="IPv4"):
    """The address of the pod on a node."""
    return PODS[family].format(node.address.split(".")[2])


def load_balancer(lab):
    """A Service gets an address of the pool, is advertised where its pods are, and each pod's crash withdraws at once."""
    node = lab.nodes[0]
    with tempfile.TemporaryDirectory(prefix="bgpvip-lab-") as directory:
        Path(directory).chmod(0o755)
        shop = Shop(lab, directory)
        shop.start()
        expect(shop.address.startswith("10.255.1."), f"{shop.address} is of no pool of {POOLS}")
        leases = [lease["metadata"]["name"] for lease in shop.api.items("leases")]
        expect_equal(leases, ["lb-" + shop.address.replace(".", "-")], "the Leases")
        tells_the_truth(shop)
        out, back = crashes(shop, node)
        rolling(shop)
        shop.api.delete("services", "shop", "web")
        eventually("the routes are gone", lambda: not lab.tor.next_hops(shop.prefix))
    return f"out of the ToR's kernel after {out}; back after {back}"


def tells_the_truth(shop):
    """`bgpvip services` and `why` on a node with a pod, and on one without."""
    here, elsewhere = shop.lab.nodes[0].speaker, shop.lab.nodes[2].speaker
    services = here.status("services")["services"]
    expect_equal([(one["namespace"], one["name"], one["policy"]) for one in services], [("shop", "web", "Local")],
                 "the Services in `bgpvip services`")
    expect_equal([(one["address"], one["isAdvertised"]) for one in services[0]["addresses"]], [(shop.address, True)],
                 "its addresses")
    asked = here.command("why", "shop/web")
    expect_equal(asked.returncode, 0, f"the exit status of `bgpvip why shop/web`, which says {asked.stdout}")
    expect("advertised from this node: this node carries it" in asked.stdout
           and f"{shop.prefix} is advertised to 1 of 1 peer" in asked.stdout, f"`bgpvip why` says {asked.stdout}")
    asked = elsewhere.command("why", "shop/web")
    expect_equal(asked.returncode, 1, "the exit status of `bgpvip why shop/web` where there is no pod")
    expect("is not advertised from this node: this node has no ready endpoint of it" in asked.stdout,
           f"`bgpvip why` says {asked.stdout}")
    expect_equal(elsewhere.command("why", "shop/other").returncode, 2, "the exit status for no Service")


def crashes(shop, node):
    """SIGKILL of a pod again and again: in how long its next hop is gone, and how long it takes to return."""
    name = f"pod-{node.name}"
    out, back = [], []
    with RouteWatch(shop.lab.tor, shop.prefix) as watch:
        for _ in range(ROUNDS):
            killed = shop.kill_pod(name)
            gone = watch.wait(f"lost {node.name}", lambda hops: node.address not in hops, after=killed)
            out.append(gone - killed)
            reason = shop.lab.nodes[0].speaker.status("services")["services"][0]["addresses"][0]["reasonCode"]
            expect_equal(reason, "endpoint-down", "the reason")
            shop.start_pod(name)
            started = time.monotonic_ns()
            back.append(watch.wait(f"has {node.name} again", lambda hops: node.address in hops, after=gone) - started)
        median = sorted(out)[len(out) // 2]
    expect(median <= CRASH_LIMIT, f"out of the ToR's kernel after {milliseconds(median)}")
    return span(out), span(back)


def span(durations):
    """Median and range."""
    durations = sorted(durations)
    return (f"{milliseconds(durations[len(durations) // 2])} "
            f"({milliseconds(durations[0])}..{milliseconds(durations[-1])})")


def rolling(shop):
    """A pod that is terminating gets no new connections while there are others; if it is the only one, it keeps them."""
    ending = {"ready": False, "serving": True, "terminating": True}
    first, second = shop.lab.nodes[:2]
    shop.slice(pod_n1=ending)
    shop.await_next_hops([second])
    expect_equal(shop.lab.tor.next_hops(shop.prefix), [second.address], "the next hops")
    shop.slice(pod_n1=ending, pod_n2=ending)
    shop.await_next_hops([first, second])
    shop.slice()
    shop.await_next_hops([first, second])


def load_balancer_without_api(lab):
    """The API server dies: no route changes, a crash withdraws all the same. When it is back, nothing flaps."""
    node, other = lab.nodes[:2]
    with tempfile.TemporaryDirectory(prefix="bgpvip-lab-") as directory:
        Path(directory).chmod(0o755)
        shop = Shop(lab, directory)
        shop.start()
        with RouteWatch(lab.tor, shop.prefix) as watch:
            changes = len(watch.changes)
            shop.api.kill()
            eventually("`bgpvip services` says that the API is away", lambda: api_failure(node))
            time.sleep(10)
            expect_equal(len(watch.changes), changes, "the changes of the route while the API is away")
            killed = shop.kill_pod(f"pod-{node.name}")
            gone = watch.wait(f"lost {node.name}", lambda hops: node.address not in hops, after=killed)
            shop.start_pod(f"pod-{node.name}")
            watch.wait(f"has {node.name} again", lambda hops: node.address in hops, after=gone)
            changes = len(watch.changes)
            shop.api.start()
            for one in lab.nodes:
                eventually(f"{one.name} hears the API", lambda one=one: api_is_well(one), 60)
            time.sleep(5)
            expect_equal(len(watch.changes), changes, "the changes of the route since the API is back")
            # What happens from then on is heard of.
            shop.slice(pod_n2={"ready": False, "serving": False, "terminating": True})
            shop.await_next_hops([node])
        expect_equal(shop.ingress(), shop.address, "the address in the status")
        expect(other.speaker.command("services").returncode == 0, "`bgpvip services` does not say that all is well")
    return f"a crash meanwhile was out after {milliseconds(gone - killed)}"


def api_failure(node):
    """Why a node cannot watch; nothing while it can. `bgpvip services` ends with 1 then."""
    asked = node.speaker.command("services")
    return asked.returncode == 1 and "cannot be watched" in asked.stdout and asked.stdout


def api_is_well(node):
    """True if every watch works."""
    feeds = node.speaker.status("services")["feeds"]
    return all(feed["isComplete"] and not feed.get("failure") for feed in feeds)
