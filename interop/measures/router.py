"""The router of the lab: BIRD with kernel ECMP. It takes every route and only waits for the nodes to dial."""

import re
import signal
import socket
import time
from pathlib import Path

from lab.waiting import Failed, eventually
from measures.lab import NODE_AS, ROUTER, ROUTER_AS, VIP
from measures.namespaces import inside, ip

HEADER = """\
log "{log}" all;
timeformat log iso long us;
router id {identifier};
protocol device {{ scan time 60; }}
"""
KERNEL = """\
protocol kernel {{ merge paths yes limit 64; scan time 300; 
  ipv4 {{ import none; export where net ~ [ {vip}/32, 10.96.0.0/12{{32,32}} ]; }};
}}
"""
BFD = """\
protocol bfd {{ interface "*" {{ min rx interval {bfd} ms; min tx interval {bfd} ms; multiplier 3; }}; }}
"""
# The router never delays a reconnect. BFD here follows what the session asks for.
SESSION = """\
protocol bgp {name} {{
  debug {{ {debug} }};
  strict bind yes;
  local {address} as {router_as};
  neighbor {node} as {node_as};
  passive yes;
  hold time {hold};
  keepalive time {keepalive};
  error wait time 0, 0;
  connect delay time 0;
  {bfd}
  ipv4 {{ import {accept}; export {export}; }};
}}
"""


class Router:
    """One BIRD. It has one session per node; a second address that peers with the same node takes a second BIRD."""

    def __init__(self, lab, name, sessions, hold=9, keepalive=3, bfd=None, without_bfd=(), more="", export="none",
                 accept="all", debug="states"):
        """`sessions` are pairs of a node and the router's address towards it; `bfd` is an interval in ms."""
        self.lab, self.name = lab, name
        self.log, self.socket = f"{name}.log", lab.directory / f"{name}.ctl"
        text = HEADER.format(log=lab.directory / self.log, identifier=sessions[0][1])
        if name == "router":
            text += KERNEL.format(vip=VIP)
        if bfd:
            text += BFD.format(bfd=bfd)
        text += more + "".join(SESSION.format(
            name=node.name, debug=debug, address=address, node=node.address, router_as=ROUTER_AS, node_as=NODE_AS,
            hold=hold, keepalive=keepalive, bfd="bfd on;" if bfd and node not in without_bfd else "",
            accept=accept, export=export) for node, address in sessions)
        configuration = lab.directory / f"{name}.conf"
        configuration.write_text(text, encoding="ascii")
        self.command = ["bird", "-f", "-c", configuration, "-s", self.socket]
        self.connection = None
        self.start()

    def start(self):
        """Starts it, or starts it again."""
        Path(self.socket).unlink(missing_ok=True)
        self.process = self.lab.spawn(ROUTER, f"{self.name}.out", *self.command)

    def wait_until_up(self, seconds=120):
        """Returns once it has read its configuration."""
        eventually(f"BIRD {self.name} answers", self.is_up, seconds=seconds, pause=0.02)
        return self

    def is_up(self):
        """True once it answers; fails at once if it has ended."""
        if self.process.has_ended():
            raise Failed(f"BIRD ended\n{self.lab.logs(f'{self.name}.out', self.log)}")
        return self.socket.exists() and "Daemon is up" in self.ask("show status")

    def ask(self, command):
        """What it answers on its control socket."""
        try:
            if self.connection is None:
                self.connection = socket.socket(socket.AF_UNIX)
                self.connection.settimeout(60)
                self.connection.connect(str(self.socket))
                self.receive()
            self.connection.sendall(f"{command}\n".encode())
            return self.receive()
        except OSError:
            self.connection = None
            return ""

    def receive(self):
        """One answer: lines, the last with a code and a blank."""
        answer = b""
        while not re.search(rb"(?:^|\n)\d{4} .*\n$", answer):
            some = self.connection.recv(1 << 16)
            if not some:
                raise OSError("closed")
            answer += some
        return answer.decode()

    def nudge(self):
        """Asks something.

        BIRD before 2.14 may sleep for up to 3 s between the end of a timer and the work that follows from it; whatever
        arrives wakes it. Without this, its habit would be part of what is measured.
        """
        self.ask("show status")

    def established(self):
        """The number of its sessions that are up."""
        return self.ask("show protocols").count("Established")

    def wait_until_listening(self, addresses, seconds=10):
        """When it began to listen on each of its addresses (ns): the last look that did not find it so, 1 ms early at most."""
        with inside(ROUTER):
            table = open("/proc/thread-self/net/tcp", "rb", buffering=0)
        listening, looked, deadline = {}, time.monotonic_ns(), time.monotonic() + seconds
        with table:
            while len(listening) < len(addresses):
                if time.monotonic() > deadline:
                    raise Failed(f"BIRD does not listen within {seconds} s\n{self.lab.logs(f'{self.name}.out', self.log)}")
                before, looked = looked, time.monotonic_ns()
                table.seek(0)
                text = table.read()
                for address in addresses:
                    octets = "".join(f"{int(octet):02X}" for octet in reversed(address.split(".")))
                    if f" {octets}:00B3 00000000:0000 0A ".encode() in text:
                        listening.setdefault(address, before)
                time.sleep(0.0003)
        return listening

    def kill(self):
        """Kills it, and what it had put into the kernel is gone as after a reboot; when (ns)."""
        killed = time.monotonic_ns()
        self.end(signal.SIGKILL)
        ip("-n", ROUTER, "route", "flush", "proto", "bird")
        return killed

    def end(self, number=signal.SIGTERM):
        """Ends it, as quickly as possible: a BIRD that leaves in order would take its routes out one by one."""
        if self.connection:
            self.connection.close()
            self.connection = None
        self.process.end(number)


def wait_for_sessions(routers, count, seconds=60):
    """Returns True once so many sessions are up in all."""
    deadline = time.monotonic() + seconds
    while sum(router.established() for router in routers) < count:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
