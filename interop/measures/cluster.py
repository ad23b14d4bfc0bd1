"""Many Services of type LoadBalancer: memory, the time until all are advertised, and processor time at rest.

A small API server has them, each of the policy Local with a healthCheckNodePort of its own, and one of its endpoints on our
node. First all addresses have to be claimed; then bgpvip starts again, and they are in place. At rest it is compared with a
bgpvip without Services. In the end a pod of one Service crashes again and again.
"""

import base64
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lab.waiting import eventually
from measures import figures
from measures.namespaces import PREFIX, add_namespace, batch, inside, ip

NODE, ROUTER = f"{PREFIX}-cluster-node", f"{PREFIX}-cluster-router"
ADDRESS, GATEWAY, API_PORT = "10.203.1.2", "10.203.1.1", 6444
# Pods of our node: one that crashes, and one process for all others.
PODS, CRASHING = [f"10.244.1.{number}" for number in range(1, 51)], "10.244.2.1"
HEALTH_PORT = 30000
POOL = "10.96.0.0/20"
TOOLS = Path(__file__).resolve().parents[1] / "image" / "tools"
BIRD = """\
router id 10.203.1.1;
protocol device {{ }}
protocol kernel {{ ipv4 {{ import none; export all; }}; }}
protocol bgp node {{ local 10.203.1.1 as 65000; neighbor 10.203.1.2 as 65001; passive; ipv4 {{ import all; export none; }}; }}
"""
REDIRECTION = """\
table ip bench {{
  chain output {{ type nat hook output priority -100; tcp dport {first}-{last} redirect to :{first}; }}
}}
"""


def add_arguments(parser):
    """The options."""
    parser.add_argument("--services", type=int, default=1000, help="how many (%(default)s)")
    parser.add_argument("--endpoints", type=int, default=10, help="of each (%(default)s)")
    parser.add_argument("--seconds", type=float, default=30, help="of rest (%(default)s)")
    parser.add_argument("--crashes", type=int, default=20, help="of a pod (%(default)s)")


def run(binary, options):
    """Prints the figures."""
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}-") as directory, contextlib.ExitStack() as stack:
        bench = Bench(binary, Path(directory), options, stack)
        bench.build()
        empty = bench.speak()
        bench.await_session()
        time.sleep(5)
        idle = bench.rest(empty)
        empty_memory = figures.memory([empty.pid])
        bench.end(empty)

        first = bench.serve()
        began = time.monotonic()
        bench.await_routes(options.services, 300)
        claimed = time.monotonic() - began
        first_memory = figures.memory([first.pid])
        bench.end(first)

        again = bench.serve()
        bench.await_session()
        began = time.monotonic()
        bench.await_routes(options.services, 60)
        advertised = time.monotonic() - began
        time.sleep(10)
        busy = bench.rest(again)
        memory = figures.memory([again.pid])
        out = bench.crash()
        print(f"{options.services} Services with {options.endpoints} endpoints each")
        print(f"first run, until all addresses were claimed, written and advertised: {claimed:.1f} s, "
              f"RSS {first_memory['rss'] / 1024:.1f} MiB")
        print(f"next run, from the session to all advertised: {advertised * 1000:.0f} ms")
        print(f"RSS {memory['rss'] / 1024:.1f} MiB, without Services {empty_memory['rss'] / 1024:.1f} MiB")
        print(f"CPU at rest {busy * 1000:.2f} ms a second, without Services {idle * 1000:.2f}")
        if out:
            print(f"SIGKILL of a pod to the withdrawal at the router: median {statistics.median(out):.2f} ms "
                  f"({min(out):.2f}..{max(out):.2f}, {len(out)} times)")
    return True


class Bench:
    """A node, a router with the API server, and what runs there."""

    def __init__(self, binary, directory, options, stack, wrapper=()):
        self.binary, self.directory, self.options, self.stack = binary, directory, options, stack
        # What bgpvip is started with.
        self.wrapper = wrapper

    def spawn(self, namespace, *command, **more):
        """Starts a program in a namespace, which ends with the bench."""
        with inside(namespace):
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **more)
        self.stack.callback(end, process)
        return process

    def build(self):
        """Everything but bgpvip."""
        self.directory.chmod(0o755)
        for name in (NODE, ROUTER):
            add_namespace(name)
        ip("link", "add", "up0", "netns", ROUTER, "type", "veth", "peer", "name", "eth0", "netns", NODE)
        for namespace, device, address in ((ROUTER, "up0", GATEWAY), (NODE, "eth0", ADDRESS)):
            ip("-n", namespace, "addr", "add", f"{address}/24", "dev", device)
            ip("-n", namespace, "link", "set", device, "up")
        ip("-n", NODE, "route", "add", "default", "via", GATEWAY)
        batch(NODE, *(f"addr add {address}/32 dev lo" for address in (*PODS, CRASHING)))
        # One process answers for all Services.
        with inside(NODE):
            subprocess.run(["nft", "-f", "-"], input=REDIRECTION.format(first=HEALTH_PORT, last=HEALTH_PORT + 2000),
                           text=True, check=True)
        (self.directory / "bird.conf").write_text(BIRD.format(), encoding="ascii")
        self.spawn(ROUTER, "bird", "-f", "-c", str(self.directory / "bird.conf"), "-s", str(self.directory / "bird.ctl"))
        os.makedirs("/run/lab", exist_ok=True)
        self.spawn(NODE, sys.executable, TOOLS / "pod.py", "bench-kube-proxy", "127.0.0.1", "10256")
        self.spawn(NODE, sys.executable, TOOLS / "pod.py", "bench-node-port", "0.0.0.0", str(HEALTH_PORT))
        self.spawn(NODE, sys.executable, TOOLS / "pod.py", "bench-pods", "0.0.0.0", "8080")
        self.pod = self.start_pod()
        self.start_api()

    def start_pod(self):
        """The pod that is to crash."""
        pod = self.spawn(NODE, sys.executable, TOOLS / "pod.py", "bench-pod", CRASHING, "8081")
        eventually("the pod answers", lambda: f"{CRASHING}:8081" in listening(NODE), pause=0.01)
        return pod

    def start_api(self):
        """The API server, with all Services."""
        files = {name: str(self.directory / name) for name in ("crt", "key", "state", "kubeconfig")}
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=kubernetes", "-addext", f"subjectAltName=IP:{GATEWAY}", "-keyout", files["key"], "-out",
             files["crt"]], check=True, stderr=subprocess.DEVNULL)
        authority = base64.b64encode(Path(files["crt"]).read_bytes()).decode()
        Path(files["kubeconfig"]).write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
            "users": [{"name": "lab", "user": {"token": "lab"}}],
            "clusters": [{"name": "lab", "cluster": {
                "server": f"https://{GATEWAY}:{API_PORT}", "certificate-authority-data": authority}}],
        }), encoding="ascii")
        Path(files["state"]).write_text(json.dumps([10_000, list(objects(self.options))]), encoding="ascii")
        self.spawn(ROUTER, sys.executable, TOOLS / "kubernetes_api.py", str(API_PORT), files["crt"], files["key"], "lab",
                   files["state"])
        eventually("the API server listens", lambda: f":{API_PORT}" in listening(ROUTER))

    def speak(self, *arguments):
        """bgpvip; without Services it has a VIP, since it must have one."""
        own = arguments or ("--vip", "10.99.0.1", "--check", f"tcp://{PODS[0]}:8080")
        with open(self.directory / "bgpvip.log", "ab") as log:
            return self.spawn(
                NODE, *self.wrapper, self.binary, "run", "--local-as", "65001", "--router-id", ADDRESS, "--peers", f"{GATEWAY}:65000",
                "--control-socket", str(self.directory / "bgpvip.sock"), *own, stdout=log, stderr=log, env={})

    def serve(self, *more):
        """bgpvip with Services, and with more arguments."""
        return self.speak("--services", "true", "--services-pools", POOL, "--services-kubeconfig",
                          str(self.directory / "kubeconfig"), "--services-node", "n1", "--services-namespace", "bgpvip", *more)

    def end(self, process):
        """Ends bgpvip in order."""
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        eventually("the routes are gone", lambda: self.routes() == 0, 30)

    def ask(self, command):
        """What BIRD answers."""
        return subprocess.run(["birdc", "-s", self.directory / "bird.ctl", *command.split()], capture_output=True,
                              text=True, check=False).stdout

    def routes(self):
        """How many routes the router has from the node."""
        for line in self.ask("show route count").splitlines():
            words = line.split()
            if words[1:2] == ["of"]:
                return int(words[0])
        return -1

    def await_session(self):
        """Waits for BGP."""
        eventually("the session is up", lambda: "Established" in self.ask("show protocols node"), 30, pause=0.02)

    def await_routes(self, count, seconds):
        """Waits until all are there."""
        eventually(f"{count} routes", lambda: self.routes() >= count, seconds, pause=0.02)

    def rest(self, process):
        """Processor seconds a second."""
        before, began = figures.cpu([process.pid]), time.monotonic()
        time.sleep(self.options.seconds)
        return (figures.cpu([process.pid]) - before) / (time.monotonic() - began)

    def crash(self):
        """SIGKILL of the first Service's pod again and again: how many ms until its route is out of the router's kernel."""
        asked = subprocess.run(
            [self.binary, "services", "--json", "--control-socket", str(self.directory / "bgpvip.sock")],
            capture_output=True, text=True, check=True).stdout
        address = next(service["addresses"][0]["address"] for service in json.loads(asked)["services"]
                       if service["name"] == "web-0")
        watch = self.spawn(ROUTER, sys.executable, TOOLS / "watch_route.py", f"{address}/32", stdout=subprocess.PIPE, text=True)
        await_hops(watch, lambda hops: hops)
        took = []
        for _ in range(self.options.crashes):
            time.sleep(0.5)
            killed = time.monotonic_ns()
            self.pod.kill()
            took.append((await_hops(watch, lambda hops: not hops) - killed) / 1e6)
            self.pod.wait()
            self.pod = self.start_pod()
            await_hops(watch, lambda hops: hops)
        return took


def await_hops(watch, holds):
    """When (ns) the next hops were what they are to be."""
    while True:
        change = json.loads(watch.stdout.readline())
        if holds(change["nextHops"]):
            return change["at"]


def end(process):
    """Ends a program, by force."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.wait()


def listening(namespace):
    """The addresses on which something listens."""
    with inside(namespace):
        return subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout


def objects(options):
    """Everything in the API server: kind, name and object of each."""
    def item(kind, version, namespace, name, **more):
        metadata = {"name": name, "uid": f"{kind}-{name}", "resourceVersion": "9999",
                    "creationTimestamp": "2026-01-01T00:00:00Z", **more.pop("metadata", {})}
        if namespace:
            metadata["namespace"] = namespace
        return {"kind": kind, "apiVersion": version, "metadata": metadata, **more}
    yield "nodes", ["", "n1"], item("Node", "v1", "", "n1", status={
        "addresses": [{"type": "InternalIP", "address": ADDRESS}], "conditions": []})
    for number in range(options.services):
        name = f"web-{number}"
        yield "services", ["shop", name], item(
            "Service", "v1", "shop", name,
            spec={"type": "LoadBalancer", "loadBalancerClass": "bgpvip/vip", "externalTrafficPolicy": "Local",
                  "healthCheckNodePort": HEALTH_PORT + number, "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
                  "ports": [{"port": 80, "protocol": "TCP"}], "selector": {"app": name}}, status={"loadBalancer": {}})
        ready = {"ready": True, "serving": True, "terminating": False}
        ours = PODS[number % len(PODS)] if number else CRASHING
        endpoints = [{"addresses": [ours], "nodeName": "n1", "conditions": ready}] + [
            {"addresses": [f"10.245.{number % 200}.{place}"], "nodeName": "n2", "conditions": ready,
             "targetRef": {"kind": "Pod", "namespace": "shop", "name": f"{name}-{place}", "uid": f"pod-{name}-{place}"}}
            for place in range(2, options.endpoints + 1)]
        yield "endpointslices", ["shop", f"{name}-1"], item(
            "EndpointSlice", "discovery.k8s.io/v1", "shop", f"{name}-1",
            metadata={"labels": {"kubernetes.io/service-name": name}}, addressType="IPv4",
            ports=[{"port": 8080 if number else 8081, "protocol": "TCP"}], endpoints=endpoints)
