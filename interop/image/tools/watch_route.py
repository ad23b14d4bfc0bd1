"""Prints the next hops of one prefix in the kernel's main table, now and at every change, one JSON object a line.

"at" is CLOCK_MONOTONIC in nanoseconds. Usage: watch_route.py PREFIX
"""

import ipaddress
import json
import socket
import struct
import sys
import time

RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_ROUTE = 0x40, 0x400
RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 24, 25, 26
NLM_F_REQUEST, NLM_F_DUMP, NLMSG_DONE = 1, 0x300, 3
RTA_DST, RTA_GATEWAY, RTA_MULTIPATH = 1, 5, 9
RT_TABLE_MAIN = 254


def attributes(data):
    """The netlink attributes in `data` by type."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def next_hops(found):
    """The gateways of a route: one, or all of a multipath route."""
    if RTA_GATEWAY in found:
        return [str(ipaddress.ip_address(found[RTA_GATEWAY]))]
    hops, data = [], found.get(RTA_MULTIPATH, b"")
    while len(data) >= 8:
        (length,) = struct.unpack_from("=H", data)
        gateway = attributes(data[8:length]).get(RTA_GATEWAY)
        if gateway:
            hops.append(str(ipaddress.ip_address(gateway)))
        data = data[(length + 3) & ~3:]
    return sorted(hops)


def messages(data):
    """The netlink messages in one datagram: type and body."""
    while len(data) >= 16:
        length, kind = struct.unpack_from("=IH", data)
        if length < 16:
            break
        yield kind, data[16:length]
        data = data[(length + 3) & ~3:]


def main():
    """Watches until killed."""
    prefix = ipaddress.ip_network(sys.argv[1])
    family = socket.AF_INET if prefix.version == 4 else socket.AF_INET6
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    netlink.bind((0, RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE))
    netlink.send(
        struct.pack("=IHHII", 28, RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, 1, 0) + struct.pack("=B11x", family))
    current, dumping = [], True
    while True:
        data = netlink.recv(1 << 20)
        at, before = time.monotonic_ns(), current
        for kind, body in messages(data):
            if kind == NLMSG_DONE:
                dumping, before = False, None
            elif kind in (RTM_NEWROUTE, RTM_DELROUTE):
                route_family, length, table = body[0], body[1], body[4]
                found = attributes(body[12:])
                if (route_family, length, table) != (family, prefix.prefixlen, RT_TABLE_MAIN):
                    continue
                if found.get(RTA_DST) != prefix.network_address.packed:
                    continue
                current = next_hops(found) if kind == RTM_NEWROUTE else []
        if current != before and not dumping:
            print(json.dumps({"at": at, "nextHops": current}), flush=True)


main()
