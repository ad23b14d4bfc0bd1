"""bgpvip as a static pod under a real kubelet; kubeadm init and joins through the VIP."""

import json
import re
import time

from lab.fib import RouteWatch
from lab.kubernetes.cluster import DIRECT
from lab.kubernetes.kubelet import SOCKET, Kubelet
from lab.kubernetes.load import Load
from lab.node import NODE_AS, TOR_AS, VIP
from lab.waiting import eventually, expect
from scenarios.kubernetes.limits import AT_ONCE
from scenarios.rack import PREFIX, await_bound

MANIFEST = "bgpvip.yaml"
BOOTSTRAP_LIMIT = 300
CONFIGURATION = "/run/lab/kubeadm.conf"
# The checks before the work ask for systemd and crictl, which a lab host does not have.
INIT = ("/kubernetes/kubeadm", "init", "--config", CONFIGURATION, "--upload-certs", "--ignore-preflight-errors", "all",
        "--skip-phases", "preflight,addon")
TOKEN, KEY = "abcdef.0123456789abcdef", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"


def manifest(cluster, node, *flags):
    """What `bgpvip manifest pod` prints for a node."""
    return cluster.printed(
        "manifest", "pod", "--image", f"{cluster.product}:latest", "--local-as", str(NODE_AS),
        "--router-id", node.address, "--vip", VIP, "--peers", f"{node.router}:{TOR_AS}", *flags)


def static_pod(cluster):
    """A static pod under a kubelet: start, crash, changed manifest, removed manifest, which is a clean departure."""
    node, others = cluster.members[0], cluster.members[1:]
    cluster.archive()
    cluster.arrange(DIRECT, speakers=others)
    cluster.speaking = cluster.members
    kubelet = Kubelet(node.host)
    try:
        kubelet.prepare()
        kubelet.start_alone()
        with RouteWatch(cluster.tor, PREFIX) as watch:
            def changed(present, after):
                """When the ToR's kernel first had the node's next hop, or had it no more."""
                return watch.wait(f"{'has' if present else 'lost'} {node.name}",
                                  lambda hops: (node.address in hops) == present, after, BOOTSTRAP_LIMIT)
            placed = time.monotonic_ns()
            kubelet.place(MANIFEST, manifest(cluster, node))
            started = changed(True, placed)
            crashed = time.monotonic_ns()
            node.host.shell("pkill -9 -f '^[b]gpvip'")
            restarted = changed(True, changed(False, crashed))
            with Load(cluster.client, f"{others[1].address}:{cluster.port}") as load:
                time.sleep(1)
                edited = time.monotonic_ns()
                kubelet.place(MANIFEST, manifest(cluster, node, "--hold-time", "12s"))
                replaced = changed(True, changed(False, edited))
                removed = time.monotonic_ns()
                kubelet.take(MANIFEST)
                left = changed(False, removed)
                await_bound(node, False, seconds=10)
                time.sleep(1)
        said = cluster.bird.peer("k8s_n1").get("Last error", "")
        expect("Administrative shutdown" in said, f"BIRD's last error is {said!r}")
        AT_ONCE.hold(load.figures)
    finally:
        kubelet.stop()
    return (f"advertised {seconds(started - placed)} after the manifest was there, again {seconds(restarted - crashed)} "
            f"after a crash, {seconds(replaced - edited)} after a change, out {seconds(left - removed)} after its removal "
            f"({said}); {load.figures}")


def kubeadm(cluster):
    """kubeadm init with the VIP as endpoint and bgpvip as a static pod, then two joins through the VIP."""
    cluster.archive()
    cluster.stop()
    cluster.start_bird(cluster.members)
    kubelets = {node.name: Kubelet(node.host) for node in cluster.members}
    first = cluster.members[0]
    first.host.write(CONFIGURATION, "\n---\n".join(json.dumps(document) for document in configuration(cluster, first)))
    names = first.host.run("/kubernetes/kubeadm", "config", "images", "list", "--config", CONFIGURATION).split()
    took = []
    try:
        for node in cluster.members:
            started = time.monotonic_ns()
            kubelet = kubelets[node.name]
            kubelet.prepare(names)
            kubelet.place(MANIFEST, manifest(cluster, node))
            kubelet.start_for_kubeadm()
            node.host.run(*(INIT if node is first else join(node)), timeout=BOOTSTRAP_LIMIT)
            cluster.speaking = cluster.members[:len(took) + 1]
            cluster.await_all()
            await_bound(node, True)
            took.append(seconds(time.monotonic_ns() - started))
        listed = eventually("kubectl through the VIP lists all nodes", lambda: all_nodes(cluster), 60)
    finally:
        for kubelet in kubelets.values():
            kubelet.stop()
        cluster.resume()
    return f"init {took[0]}, joins {took[1]} and {took[2]}; nodes by kubectl through the VIP: {listed}"


def configuration(cluster, node):
    """What kubeadm is told of the cluster that it makes on a node."""
    # kubeadm chooses the flags of etcd by the version in its image's tag.
    etcd = node.host.shell("etcd --version | sed -n 's/^etcd Version: //p'").strip()
    common = {"apiVersion": "kubeadm.k8s.io/v1beta4"}
    return ({**common, "kind": "InitConfiguration", "bootstrapTokens": [{"token": TOKEN}], "certificateKey": KEY,
             "localAPIEndpoint": {"advertiseAddress": node.address}, "nodeRegistration": {"criSocket": SOCKET}},
            {**common, "kind": "ClusterConfiguration", "controlPlaneEndpoint": f"{VIP}:6443",
             "imageRepository": "localhost/lab", "kubernetesVersion": cluster.version(),
             "etcd": {"local": {"imageTag": etcd}}})


def join(node):
    """The command that joins a node to the control plane."""
    return ("/kubernetes/kubeadm", "join", f"{VIP}:6443", "--control-plane",
            "--apiserver-advertise-address", node.address, "--token", TOKEN, "--certificate-key", KEY,
            "--discovery-token-unsafe-skip-ca-verification", "--cri-socket", SOCKET,
            "--ignore-preflight-errors", "all", "--skip-phases", "preflight")


def all_nodes(cluster):
    """The names of the nodes, if there are three."""
    text = cluster.members[2].host.run(
        "/kubernetes/kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "get", "nodes", "-o", "name", check=False)
    found = re.findall(r"node/(\S+)", text)
    return ", ".join(sorted(found)) if len(found) == len(cluster.members) else None


def seconds(nanoseconds):
    """A duration for a report."""
    return f"{nanoseconds / 1e9:.1f} s"
