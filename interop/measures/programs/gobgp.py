"""GoBGP, the engine of kube-vip, with a check script that calls its command line."""

import os
import socket
import struct
import time

from measures.lab import NODE_AS, ROUTER_AS
from measures.programs.program import Program

API = 50051


class GoBGP(Program):
    """gobgpd and gobgp."""

    name = "gobgp"
    packages = ("gobgpd",)
    commands = ("gobgpd", "gobgp")
    tuning = ("`connect-retry = 1` (it waits at least 5 s, and up to 5 s more at random), `idle-hold-time-after-reset = 1`, "
              "no profiling port")

    def files(self):
        neighbors = "".join(f"""\
[[neighbors]]
  [neighbors.config]
    neighbor-address = "{peer}"
    peer-as = {ROUTER_AS}
  [neighbors.timers.config]
    hold-time = {self.task.hold}
    keepalive-interval = {self.task.keepalive}
    connect-retry = 1
    idle-hold-time-after-reset = 1
  [neighbors.transport.config]
    local-address = "{self.node.address}"
""" for peer in self.task.peers)
        return {"gobgpd.toml": f"""\
[global.config]
  as = {NODE_AS}
  router-id = "{self.node.address}"
  local-address-list = ["{self.node.address}"]
{neighbors}"""}

    def launches(self):
        return [("gobgpd", ["gobgpd", "-f", self.path("gobgpd.toml"), "-t", "toml", "--pprof-disable", "--api-hosts",
                            f"127.0.0.1:{API}"], {}), *self.check_loop()]

    def up(self):
        return ["gobgp", "global", "rib", "add", f"{self.task.vips[0]}/32", "-a", "ipv4"]

    def down(self):
        return ["gobgp", "global", "rib", "del", f"{self.task.vips[0]}/32", "-a", "ipv4"]

    def prepare(self, prefixes):
        self.records = table_dump([self.node.address, NODE_AS], prefixes)

    def advertise(self, prefixes):
        """All in one stream. `gobgp mrt inject` ends without waiting for the daemon, and its last paths would be lost:
        it reads from a pipe that stays open until the next call."""
        pipe = self.path("prefixes.mrt")
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe)
        now = time.monotonic_ns()
        self.injection = self.lab.spawn(self.node.namespace, "gobgp-inject.out", "gobgp", "mrt", "inject", "global", pipe,
                                        "--nexthop", self.node.address)
        self.pipe = open(pipe, "wb", buffering=0)
        self.pipe.write(self.records)
        return now

    def withdraw(self, prefixes):
        self.pipe.close()
        self.injection.end()
        now = time.monotonic_ns()
        self.run("gobgp", "global", "rib", "del", "all", "-a", "ipv4")
        return now


def table_dump(origin, prefixes):
    """A table as an MRT file, type TABLE_DUMP_V2 (RFC 6396): an index of one peer, then a record for each prefix."""
    address, local_as = socket.inet_aton(origin[0]), origin[1]

    def record(subtype, body):
        return struct.pack(">IHHI", 0, 13, subtype, len(body)) + body
    peer = b"\x02" + address + address + struct.pack(">I", local_as)
    attributes = b"\x40\x01\x01\x00" b"\x40\x02\x00" b"\x40\x03\x04" + address
    records = [record(1, address + struct.pack(">HH", 0, 1) + peer)]
    for number, prefix in enumerate(prefixes):
        entry = struct.pack(">HIH", 0, 0, len(attributes)) + attributes
        records.append(record(
            2, struct.pack(">IB", number, 32) + socket.inet_aton(prefix) + struct.pack(">H", 1) + entry))
    return b"".join(records)
