"""Replaces the TCP MD5 key of a peer on the sockets of another program of this host, which does not notice.

That is what a router does whose key can be changed without a reset: the key on the listening socket and on the
connection, and nothing else. BIRD and FRR end the session when their configuration names another key.
Usage: rekey.py PEER KEY
"""

import ctypes
import ipaddress
import os
import socket
import struct
import sys

PIDFD_GETFD = 438
TCP_MD5SIG = 14
BGP = 179


def signature(peer, key):
    """struct tcp_md5sig"""
    packed = ipaddress.ip_address(peer).packed
    family, offset = (socket.AF_INET, 2) if len(packed) == 4 else (socket.AF_INET6, 6)
    address = struct.pack("=H", family) + bytes(offset) + packed
    return address.ljust(128, b"\0") + struct.pack("=BBHi", 0, 0, len(key), 0) + key.ljust(80, b"\0")


def sockets():
    """Copies of all sockets of other processes."""
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    for process in filter(str.isdigit, os.listdir("/proc")):
        if int(process) == os.getpid():
            continue
        try:
            handle = os.pidfd_open(int(process))
            numbers = [int(number) for number in os.listdir(f"/proc/{process}/fd")
                       if os.readlink(f"/proc/{process}/fd/{number}").startswith("socket:")]
        except OSError:
            continue
        for number in numbers:
            descriptor = syscall(PIDFD_GETFD, handle, number, 0)
            if descriptor >= 0:
                yield socket.socket(fileno=descriptor)
        os.close(handle)


def concerns(copy, peer):
    """True for a TCP socket that listens for the peer, or is connected to it."""
    if copy.type != socket.SOCK_STREAM or copy.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    try:
        return copy.getpeername()[0] == peer
    except OSError:
        of_family = (copy.family == socket.AF_INET6) == (":" in peer)
        return of_family and copy.getsockname()[1] == BGP


def main():
    """Changes what concerns the peer; at least the listening socket and the connection."""
    peer, key = sys.argv[1], sys.argv[2].encode()
    changed = 0
    for copy in sockets():
        with copy:
            if concerns(copy, peer):
                copy.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, signature(peer, key))
                changed += 1
    if changed < 2:
        sys.exit(f"{changed} sockets changed, not the listening one and the connection")


main()
