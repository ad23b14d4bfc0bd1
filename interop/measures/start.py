"""From exec to the first SYN, to both sessions Established, and to the UPDATE with the VIP on both links.

The times are those of the packets at the routers. An HTTPS check runs, so that the UPDATE waits for a TLS handshake.
"""

import ctypes
import os
import socket
import statistics
import struct
import time
from contextlib import contextmanager

from lab.waiting import Failed
from measures.rack import LIBC, Rack
from measures.service import start_service
from measures.speakers import Bgpvip

CLONE_NEWNET = 0x40000000
ETH_P_ALL, SO_TIMESTAMPNS = 3, 35
OPEN, UPDATE, KEEPALIVE = 1, 2, 4
LIMIT = 10
STAGES = ("SYN", "OPEN", "Established", "UPDATE")


def add_arguments(parser):
    """The options."""
    parser.add_argument("--samples", type=int, default=11, metavar="N", help="starts (11)")


def run(binary, options):
    """Takes all samples and prints the table; True if all could be taken."""
    samples = [sample(binary) for _ in range(options.samples)]
    print(f"{Bgpvip(None, binary).version()}, ms from exec, {options.samples} starts")
    for stage in STAGES:
        times = sorted(sample[stage] for sample in samples)
        print(f"{stage:12} median {statistics.median(times):6.1f}   smallest {times[0]:6.1f}   "
              f"largest {times[-1]:6.1f}")
    return True


def sample(binary):
    """Starts bgpvip once; when each stage was reached on both links, in milliseconds after exec."""
    with Rack("start") as rack:
        start_service(rack)
        for router in rack.routers:
            router.start(debug="states")
        speaker = Bgpvip(rack, binary)
        taps = []
        for router in rack.routers:
            with inside(router.namespace):
                taps.append(tap())
        with inside(rack.node):
            reading, writing = os.pipe()
            process = rack.spawn_here(
                "bgpvip.out", *speaker.arguments(),
                last=lambda: os.write(writing, time.time_ns().to_bytes(8, "little")))
            executed = int.from_bytes(os.read(reading, 8), "little")
            os.close(reading)
            os.close(writing)
        reached = [{} for _ in taps]
        deadline = time.monotonic() + LIMIT
        while any("UPDATE" not in stages for stages in reached):
            if time.monotonic() > deadline or process.poll() is not None:
                raise Failed(f"no UPDATE within {LIMIT} s\n{rack.log('bgpvip.out')}")
            for wire, stages, router in zip(taps, reached, rack.routers):
                for at, message in messages(wire, router.address):
                    stages.setdefault(message, (at - executed) / 1e6)
            time.sleep(0.001)
        for wire in taps:
            wire.close()
        return {stage: max(stages[stage] for stages in reached) for stage in STAGES}


@contextmanager
def inside(namespace):
    """Puts this thread into a network namespace, for what it opens there."""
    with open("/proc/thread-self/ns/net", "rb") as home, open(f"/run/netns/{namespace}", "rb") as there:
        enter(there)
        try:
            yield
        finally:
            enter(home)


def enter(namespace):
    """Python has os.setns only from 3.12 on."""
    if LIBC.setns(ctypes.c_int(namespace.fileno()), ctypes.c_int(CLONE_NEWNET)) != 0:
        raise OSError("setns failed")


def tap():
    """A socket that sees all packets of the namespace with the time the kernel saw them."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    wire.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    wire.setblocking(False)
    return wire


def messages(wire, router):
    """Time and stage of what passed since the last call: what the node sends, and the router's first KEEPALIVE."""
    while True:
        try:
            packet, ancillary, _, _ = wire.recvmsg(65536, 256)
        except BlockingIOError:
            return
        if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
            continue
        seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
        at = seconds * 1_000_000_000 + nanoseconds
        from_router = packet[12:16] == socket.inet_aton(router)
        segment = packet[(packet[0] & 15) * 4:int.from_bytes(packet[2:4], "big")]
        if segment[13] & 0x12 == 0x02 and not from_router:
            yield at, "SYN"
        stream = segment[(segment[12] >> 4) * 4:]
        while len(stream) >= 19 and stream[:16] == b"\xff" * 16:
            length, kind = int.from_bytes(stream[16:18], "big"), stream[18]
            if from_router and kind == KEEPALIVE:
                yield at, "Established"
            elif not from_router and kind == OPEN:
                yield at, "OPEN"
            elif not from_router and kind == UPDATE and length > 23 + 7:
                yield at, "UPDATE"
            stream = stream[max(length, 19):]
