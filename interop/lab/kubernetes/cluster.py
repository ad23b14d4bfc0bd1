"""The control plane: a ToR, three nodes with etcd and API server, two load balancers, a client.

    client --- k8s-tor ---- k8s-n1, k8s-n2, k8s-n3 (10.0.1.2, 10.0.2.2, 10.0.3.2)
                   \\------- k8s-lb1, k8s-lb2       (10.0.4.2, 10.0.5.2)

etcd and the API servers stay from one scenario to the next; what a scenario broke is mended before the next one.
"""

import tempfile
from concurrent.futures import ThreadPoolExecutor

from lab import images
from lab.bird import Bird
from lab.engine import LABEL
from lab.host import PREFIX, Host
from lab.images import INTEROP
from lab.kubernetes import kubelet, parts, pki, proxies
from lab.kubernetes.daemon import Daemon
from lab.links import Link, Subnet, connect, on_each
from lab.node import NODE_AS, TOR_AS, VIP, Node
from lab.tor_config import bird_neighbors
from lab.waiting import eventually

IMAGE = "localhost/bgpvip-lab-kubernetes"
DEVICE = "uplink"
NODES, BALANCERS = ("k8s-n1", "k8s-n2", "k8s-n3"), ("k8s-lb1", "k8s-lb2")
LINKS = (
    *[Link("k8s-tor", name[4:], name, DEVICE, Subnet(f"10.0.{number}.", f"fd00:0:{number}::"))
      for number, name in enumerate(NODES + BALANCERS, start=1)],
    Link("k8s-tor", "client", "k8s-client", DEVICE, Subnet("10.1.0.", "fd00:1:0::")),
)
DIRECT, HAPROXY, NGINX, EXTERNAL = "direct", "haproxy", "nginx", "external"
CHECKS = {DIRECT: None, HAPROXY: proxies.HAPROXY_CHECK, NGINX: proxies.NGINX_CHECK, EXTERNAL: proxies.HAPROXY_CHECK}
FRONT, BEHIND = 6443, 6444
# Seconds. How long an API server that is asked to end goes on serving; and how long one may take to start here.
SHUTDOWN_DELAY, START_LIMIT = 3, 120
STATE = "/var/lib/lab"


class Cluster:
    """Real control-plane parts on hosts of their own."""

    def __init__(self, engine, product):
        self.engine, self.product = engine, product
        self.parts = parts.find(engine)
        images.build(engine, IMAGE, "kubernetes.Containerfile", INTEROP / "image")
        self.hosts = {name: Host(engine, name) for name in ("k8s-tor", *[link.far for link in LINKS])}
        self.tor, self.client = self.hosts["k8s-tor"], self.hosts["k8s-client"]
        self.bird = Bird(self.tor, "10.0.0.1")
        made = {link.far: Node(engine, self.hosts[link.far], product, link) for link in LINKS[:-1]}
        self.members = [made[name] for name in NODES]
        self.balancers = [made[name] for name in BALANCERS]
        self.nodes = self.members + self.balancers
        self.etcd = {node.name: self.etcd_of(node) for node in self.members}
        self.servers, self.proxies, self.port = {}, {}, None
        self.speaking = []
        # What a kubelet needs is missing, or nothing is.
        self.lacking = parts.lacking(self.parts, *parts.NODE_PARTS)
        self.without_proxy = parts.lacking(self.parts, parts.PROXY)
        self.archives = tempfile.TemporaryDirectory(prefix="bgpvip-lab-")

    def up(self):
        """Makes containers, links and certificates, and starts etcd."""
        common = ("--tmpfs", STATE, "--volume", f"{self.parts}:/kubernetes:ro",
                  "--volume", f"{self.archives.name}:{kubelet.ARCHIVES}:ro")
        with_kubelet = () if self.lacking else tuple(NODES)
        on_each(self.hosts, lambda host: host.create(
            PREFIX, image=IMAGE, options=(*common, *(kubelet.OPTIONS if host.name in with_kubelet else ()))))
        defaults = {
            link.far: "ip -4 route add default via {}\nip -6 route add default via {}\n".format(*link.subnet.end(1))
            for link in LINKS}
        connect(self.engine, self.hosts, LINKS, defaults)
        pki.distribute([self.client, *[node.host for node in self.nodes]],
                       [VIP, "127.0.0.1", *[node.address for node in self.nodes]])
        for member in self.etcd.values():
            member.start()

    def etcd_of(self, node):
        """A node's etcd."""
        peers = ",".join(f"{other.name}=http://{other.address}:2380" for other in self.members)
        return Daemon(
            node.host, "etcd", "etcd", "--name", node.name, "--data-dir", f"{STATE}/etcd",
            "--listen-client-urls", "http://127.0.0.1:2379", "--advertise-client-urls", "http://127.0.0.1:2379",
            "--listen-peer-urls", f"http://{node.address}:2380",
            "--initial-advertise-peer-urls", f"http://{node.address}:2380", "--initial-cluster", peers)

    def server_of(self, node, port):
        """A node's API server, which asks the etcd of its own node."""
        return Daemon(
            node.host, "kube-apiserver", "/kubernetes/kube-apiserver", "--etcd-servers=http://127.0.0.1:2379",
            f"--advertise-address={node.address}", f"--secure-port={port}", "--allow-privileged",
            "--service-cluster-ip-range=10.96.0.0/16,fd00:96::/112", "--authorization-mode=Node,RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            *[f"--{flag}={pki.DIRECTORY}/{file}" for flag, file in (
                ("client-ca-file", "ca.crt"), ("tls-cert-file", "server.crt"), ("tls-private-key-file", "server.key"),
                ("service-account-key-file", "sa.pub"), ("service-account-signing-key-file", "sa.key"))],
            f"--shutdown-delay-duration={SHUTDOWN_DELAY}s")

    def arrange(self, topology, bfd=False, speakers=None, **settings):
        """Everything up and well: API servers, proxies, and bgpvip where the topology has it; returns its nodes.

        `speakers` may name fewer nodes; `settings` are variables of bgpvip's environment.
        """
        behind = topology in (HAPROXY, NGINX)
        fronts = self.balancers if topology == EXTERNAL else self.members
        self.serve(BEHIND if behind else FRONT)
        if topology == NGINX:
            self.proxies = {node.name: proxies.nginx(node) for node in fronts}
        elif topology != DIRECT:
            self.proxies = {node.name: proxies.haproxy(node.host, self.port) for node in fronts}
        for proxy in self.proxies.values():
            proxy.start()
        self.speaking = fronts if speakers is None else speakers
        self.start_bird(fronts, bfd)
        check = {"BGPVIP_CHECK": CHECKS[topology]} if CHECKS[topology] else {}
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda node: self.speak(node, **check, **settings), self.speaking))
        self.await_all()
        return self.speaking

    def start_bird(self, fronts, bfd=False):
        """Starts BIRD on the ToR, with these nodes as neighbors."""
        self.bird.start(bird_neighbors(fronts, bfd=bfd))

    def stop(self):
        """Ends etcd and the API servers, and forgets what they knew."""
        for daemon in (*self.servers.values(), *self.etcd.values()):
            daemon.stop("KILL")
        for node in self.members:
            node.host.run("rm", "-rf", f"{STATE}/etcd")
        self.port = None

    def resume(self):
        """A new and empty etcd, after `stop`."""
        for member in self.etcd.values():
            member.start()

    def archive(self):
        """Saves the images that a kubelet starts, where every host finds them."""
        kubelet.archive(self.engine, self.archives.name, self.product, self.parts)

    def printed(self, *arguments):
        """What bgpvip prints for these arguments."""
        return self.engine.command("run", "--rm", "--label", LABEL, self.product, *arguments).stdout

    def version(self):
        """The version of the API server: `v1.20.2`."""
        return self.members[0].host.run("/kubernetes/kube-apiserver", "--version").split()[1]

    def serve(self, port):
        """API servers on this port of every node, all of them well."""
        if port != self.port:
            for server in self.servers.values():
                server.stop("KILL")
            self.port, self.servers = port, {node.name: self.server_of(node, port) for node in self.members}
        for daemon in (*self.etcd.values(), *self.servers.values()):
            daemon.start()
        self.await_servers()

    def await_servers(self):
        """Waits until all API servers are well."""
        for node in self.members:
            eventually(f"the API server of {node.name} is well", lambda node=node: self.well(node), START_LIMIT, 0.3)

    def well(self, node):
        """True if a node's API server says so itself."""
        return node.host.shell(
            f"curl -sk --max-time 2 https://127.0.0.1:{self.port}/readyz", check=False).strip() == "ok"

    def speak(self, node, **settings):
        """Starts bgpvip with its defaults on a node."""
        node.speaker.start({
            "BGPVIP_LOCAL_AS": str(NODE_AS), "BGPVIP_ROUTER_ID": node.address, "BGPVIP_VIP": VIP,
            "BGPVIP_PEERS": f"{node.router}:{TOR_AS}", **settings}, ["run"], capabilities=("NET_ADMIN", "SYS_NICE"))

    def await_all(self, without=()):
        """Waits until the ToR's kernel sends the VIP's traffic to all that speak, but for some."""
        wanted = sorted(node.address for node in self.speaking if node not in without)
        eventually(f"the ToR's next hops of {VIP} are {wanted}",
                   lambda: self.tor.next_hops(f"{VIP}/32") == wanted, START_LIMIT)

    def reset(self):
        """Takes away what belongs to one scenario: bgpvip, proxies, BIRD, cut links, the VIP."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda node: node.speaker.remove(), self.nodes))
        for proxy in self.proxies.values():
            proxy.stop("KILL")
        self.proxies = {}
        self.tor.shell("kill -9 $(cat /run/lab/bird.pid)", check=False)
        self.client.shell("pkill -9 -f '[a]pi_load.py'; pkill -9 -f '[c]onnections.py'", check=False)
        for node in self.nodes:
            node.host.shell(
                f"nft delete table inet cut; ip addr del {VIP}/32 dev lo; pkill -9 -f '[a]pi_load.py'", check=False)
        self.tor.shell("ip -4 route flush proto bird; ip -6 route flush proto bird", check=False)
