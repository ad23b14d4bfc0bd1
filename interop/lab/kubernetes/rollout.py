"""The pods of a Deployment: processes of the nodes, and the EndpointSlices that tell of them as their controller does."""

import itertools
import time
from dataclasses import dataclass

from lab.waiting import eventually

PORT = 8080
# What a pod's address of a family looks like: its place and its number.
ADDRESSES = {"IPv4": "10.244.{}.{}", "IPv6": "fd00:244:{}::{}"}
# Seconds that a pod serves after its end has been announced, as by a preStop hook.
GRACE = 3.0
NEW, READY, TERMINATING = "new", "ready", "terminating"
CONDITIONS = {
    NEW: {"ready": False, "serving": False, "terminating": False},
    READY: {"ready": True, "serving": True, "terminating": False},
    TERMINATING: {"ready": False, "serving": True, "terminating": True},
}


@dataclass
class Pod:
    """One process with an address of its own in each family."""

    name: str
    node: object
    addresses: dict
    state: str = NEW
    ends: float = 0.0

    def start(self):
        """Starts it, and returns once it answers."""
        file = f"/run/lab/{self.name}.pid"
        self.node.host.shell("\n".join([
            f"rm -f {file}", *[f"ip addr replace {address} dev lo nodad" for address in self.addresses.values()]]))
        self.node.host.spawn(
            f"{self.name}.log", "python3", "/lab/pod.py", self.name, ",".join(self.addresses.values()), str(PORT))
        eventually(f"{self.name} answers", lambda: self.node.host.shell(f"cat {file} 2>/dev/null", check=False), 20, 0.05)

    def signal(self, name):
        """Sends it a signal; returns when, on the clock that all containers share."""
        return int(self.node.host.run("python3", "/lab/kill_at.py", f"/run/lab/{self.name}.pid", name))

    def end(self):
        """Ends it as a kubelet does, and takes its address away."""
        self.signal("TERM")
        self.remove_addresses()

    def remove_addresses(self):
        """Takes its addresses away."""
        for address in self.addresses.values():
            self.node.host.run("ip", "addr", "del", address, "dev", "lo", check=False)


class Deployment:
    """Pods that take turns on the nodes, and one more of them during an update."""

    def __init__(self, api, nodes, namespace, service, replicas, families):
        self.api, self.nodes, self.namespace, self.service = api, nodes, namespace, service
        self.families = families
        self.numbers = itertools.count()
        self.pods = []
        for _ in range(replicas):
            self.add()

    def add(self):
        """A new pod, which is in the slice before it is ready."""
        number = next(self.numbers)
        place = number % len(self.nodes)
        # Addresses come again only after a long time.
        pod = Pod(f"pod-{number}", self.nodes[place], {
            family: ADDRESSES[family].format(place + 1, number % 250 + 1) for family in self.families})
        self.pods.append(pod)
        self.write()
        pod.start()
        pod.state = READY
        self.write()

    def roll(self):
        """One rolling update with maxSurge 1 and maxUnavailable 0; returns when the last old pod has ended."""
        old = [pod for pod in self.pods if pod.state == READY]
        for pod in old:
            self.add()
            pod.state, pod.ends = TERMINATING, time.monotonic() + GRACE
            self.write()
        for pod in old:
            time.sleep(max(0.0, pod.ends - time.monotonic()))
            pod.end()
            self.pods.remove(pod)
            self.write()

    def stop(self):
        """Ends all pods at once, those that have crashed too."""
        for pod in self.pods:
            pod.node.host.shell(f"kill -9 $(cat /run/lab/{pod.name}.pid)", check=False)
            pod.remove_addresses()

    def write(self):
        """Writes the EndpointSlice of each family."""
        for family in self.families:
            self.api.apply("EndpointSlice", self.namespace, f"{self.service}-{family.lower()}", {
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": {"labels": {"kubernetes.io/service-name": self.service}},
                "addressType": family, "ports": [{"name": "", "port": PORT, "protocol": "TCP"}],
                "endpoints": [
                    {"addresses": [pod.addresses[family]], "nodeName": pod.node.name, "conditions": CONDITIONS[pod.state]}
                    for pod in self.pods],
            })
