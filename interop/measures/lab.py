"""The bench's lab: a router, nodes with a service each, and a client, in network namespaces of this machine.

    client ── router (BIRD, kernel ECMP) ─┬─ bridge ── n1: service on the VIP, program under test
    a new connection                      ├─ bridge ── n2: the same
    every 2 ms                            └─ bridge ── n3: the same

Every node has a subnet of its own behind a bridge in a namespace that stands for the switch. A link is cut by taking the
node's port out of the bridge: the router's port keeps its carrier, as behind a real switch. With a shared segment, as
VRRP needs it, all nodes are behind one bridge and the VIP is in their subnet.
"""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lab.waiting import eventually
from measures.namespaces import PREFIX, add_namespace, batch, inside, ip, remove_namespaces
from measures.processes import Process, compiled
from measures.watching import Client, Messages, Probes, Routes

PORT = 6443
NODE_AS, ROUTER_AS = 65001, 65000
VIP = "10.99.0.1"
SHARED_VIP = "10.203.0.100"
ROUTER, SWITCH, CLIENT = (f"{PREFIX}-{name}" for name in ("router", "switch", "client"))
CONNECTION_EVERY = 2000  # microseconds
HTTPS_SERVICE = Path(__file__).resolve().parent / "https_service.py"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Node:
    """A host with a service. `gateway` is the router's address on its link."""

    def __init__(self, number, shared):
        self.number, self.name = number, f"n{number}"
        self.namespace = f"{PREFIX}-n{number}"
        self.network = "10.203.0.0/24" if shared else f"10.{209 + number}.0.0/16"
        self.length = self.network.partition("/")[2]
        self.gateway = "10.203.0.1" if shared else f"10.{209 + number}.0.1"
        self.address = f"10.203.0.{10 + number}" if shared else f"10.{209 + number}.0.2"
        self.bridge, self.port, self.link = ("b0" if shared else f"b{number}"), f"p{number}", f"to-n{number}"
        self.service = None

    def routers(self, count):
        """So many addresses of the router on this node's link; the first is the gateway."""
        network = self.gateway.rpartition(".0.1")[0]
        return [self.gateway] + [f"{network}.{1 + k // 250}.{1 + k % 250}" for k in range(1, count)]


class Lab:
    """The namespaces and everything that runs in them, until the end of the `with` block."""

    def __init__(self, nodes, shared=False):
        self.nodes = [Node(number, shared) for number in range(1, nodes + 1)]
        self.shared = shared
        self.vip = SHARED_VIP if shared else VIP
        self.processes = []
        # Names of logs, what writes to them, and a `cat` that ends with it.
        self.writers = []
        self.temporary = tempfile.TemporaryDirectory(prefix=f"{PREFIX}-")
        self.directory = Path(self.temporary.name)
        # FRR gives up its rights and must still reach its own directory.
        self.directory.chmod(0o755)
        self.routes = self.messages = self.client = None
        self.probes = {}
        self.instruments = []

    def __enter__(self):
        try:
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.end(signal.SIGKILL)
        for _, _, writer in self.writers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                writer.wait(1)
        remove_namespaces()
        self.temporary.cleanup()

    def build(self):
        """Makes namespaces, bridges, links and addresses."""
        remove_namespaces()
        for namespace in (ROUTER, SWITCH, CLIENT, *(node.namespace for node in self.nodes)):
            add_namespace(namespace)
        with inside(ROUTER):
            for name, value in (("ip_forward", "1"), ("fib_multipath_hash_policy", "1")):
                Path(f"/proc/sys/net/ipv4/{name}").write_text(value, encoding="ascii")
        with inside(CLIENT):
            Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("1025 65000", encoding="ascii")
        batch(ROUTER, f"link add client type veth peer name eth0 netns {CLIENT}",
              "address add 10.198.0.1/24 dev client", "link set client up")
        batch(CLIENT, "address add 10.198.0.2/24 dev eth0", "link set eth0 up", "route add default via 10.198.0.1")
        for bridge, node in {node.bridge: node for node in self.nodes}.items():
            batch(SWITCH, f"link add {bridge} type bridge", f"link set {bridge} up",
                  f"link add r-{bridge} type veth peer name {node.link} netns {ROUTER}",
                  f"link set r-{bridge} master {bridge} up")
            batch(ROUTER, f"address add {node.gateway}/{node.length} dev {node.link}", f"link set {node.link} up")
        for node in self.nodes:
            batch(SWITCH, f"link add {node.port} type veth peer name eth0 netns {node.namespace}",
                  f"link set {node.port} master {node.bridge} up")
            batch(node.namespace, f"address add {node.address}/{node.length} dev eth0", "link set eth0 up",
                  f"route add default via {node.gateway}")
        with inside(SWITCH):
            self.switch = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self.ports = {name: int(number) for number, name in (
            line.split(":")[:2] for line in ip("-n", SWITCH, "-o", "link", "show").replace(" ", "").splitlines()
            ) for name in [name.partition("@")[0]]}

    def connect(self, node, connected):
        """Puts the node's port into its bridge or takes it out; when the kernel had done it (ns)."""
        master = 10
        return self.change_port(node, 0, struct.pack("=HHI", 8, master, self.ports[node.bridge] if connected else 0))

    def set_carrier(self, node, up):
        """Gives the node's interface a carrier or takes it away, as a switch that is off; when it was done (ns)."""
        up_flag = 1
        return self.change_port(node, up_flag, flags=int(up))

    def change_port(self, node, mask, attributes=b"", flags=0):
        """Changes the node's port of the switch."""
        newlink, request_and_ack = 16, 5
        self.switch.send(struct.pack(
            "=IHHIIBxHiII", 32 + len(attributes), newlink, request_and_ack, 1, 0, 0, 0, self.ports[node.port], flags, mask)
            + attributes)
        error = struct.unpack_from("=i", self.switch.recv(4096), 16)[0]
        done = time.monotonic_ns()
        if error:
            raise OSError(-error, "a bridge port could not be changed")
        return done

    def add_router_addresses(self, node, addresses):
        """Gives the router more addresses on a node's link."""
        batch(ROUTER, *(f"address replace {address}/{node.length} dev {node.link}" for address in addresses))

    def set_vip(self, node, bound):
        """Puts the VIP on a node's lo or takes it away, for programs that do not do it themselves."""
        with contextlib.suppress(Exception):
            ip("-n", node.namespace, "address", "replace" if bound else "delete", f"{VIP}/32", "dev", "lo")

    def spawn(self, namespace, log, *argv, environment=None):
        """Starts a program in a namespace; its output goes to the file LOG. It dies with the bench.

        As a container engine does, it gives the program a pipe.
        """
        started = self.directory / f"started.{len(self.processes)}"
        with open(self.directory / log, "ab") as file:
            writer = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file, start_new_session=True)
        with writer.stdin as output:
            popen = subprocess.Popen(
                [compiled("instruments"), "launch", namespace, started, *map(str, argv)], stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True, cwd=self.directory,
                env=os.environ | {"PATH": PATH} | (environment or {}))
        process = Process(popen, started)
        self.processes.append(process)
        self.writers.append((log, process, writer))
        return process

    def run(self, namespace, *argv, text=None, timeout=300):
        """Runs a command in a namespace and returns what it printed."""
        with inside(namespace):
            return subprocess.run(
                list(map(str, argv)), input=text, capture_output=True, text=True, check=False, timeout=timeout,
                env=os.environ | {"PATH": PATH}).stdout

    def start_service(self, node, https=False):
        """Starts the node's service and returns when it listens."""
        node.service = self.spawn(node.namespace, "service.out", *(
            (sys.executable, "-B", HTTPS_SERVICE, self.directory, PORT) if https
            else (compiled("service"), node.name, PORT)))
        eventually("the service listens", lambda: listens(node.service.pid), pause=0.001)

    def start_instruments(self, client=True):
        """Starts the watch on routes, messages and checks, and the client if wanted."""
        place = Path(tempfile.mkdtemp(dir=self.directory))
        tool = compiled("instruments")

        def start(namespace, file, *argv):
            self.instruments.append(self.spawn(namespace, "instruments.out", tool, *argv, place / file))
            return place / file
        self.routes = Routes(start(ROUTER, "routes", "routes", self.vip))
        self.messages = Messages(start(ROUTER, "messages", "messages"))
        self.probes = {node: Probes(start(node.namespace, f"probes-{node.name}", "probes", PORT)) for node in self.nodes}
        self.client = None
        watched = [self.routes, self.messages, *self.probes.values()]
        if client:
            self.client = Client(start(CLIENT, "client", "client", self.vip, PORT, CONNECTION_EVERY))
            watched.append(self.client)
        for instrument in watched:
            eventually("the instruments are ready", instrument.is_ready, pause=0.01)

    def stop_instruments(self):
        """Ends them."""
        for process in self.instruments:
            process.end(signal.SIGKILL)
        self.instruments = []

    def logs(self, *names):
        """The ends of some log files, for error messages."""
        found = []
        for name, process, writer in self.writers:
            if name in names and process.has_ended():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    writer.wait(1)
        for name in names:
            with contextlib.suppress(OSError):
                found.append(f"{name}:\n{(self.directory / name).read_text(encoding='utf-8', errors='replace')[-1500:]}")
        return "\n".join(found)


def listens(pid):
    """True if a process's namespace has a listener on the service's port."""
    with contextlib.suppress(OSError):
        return any(line.split()[1].endswith(f":{PORT:04X}") and line.split()[3] == "0A" for line in Path(
            f"/proc/{pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:])
    return False
