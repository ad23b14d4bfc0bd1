"""Runs a program whose standard error is of some kind, in place of this process.

Usage: stderr.py KIND PROGRAM ARGUMENTS...
       stderr.py list              prints the kinds
"""

import fcntl
import os
import pty
import socket
import sys


def fill(descriptor):
    """Writes until nothing more fits."""
    os.set_blocking(descriptor, False)
    try:
        while True:
            os.write(descriptor, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(descriptor, True)


def pipe(full=False, small=False, blocking=True):
    """A pipe that is never read."""
    reader, writer = os.pipe()
    os.set_inheritable(reader, True)
    if small:
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    if full:
        fill(writer)
    os.set_blocking(writer, blocking)
    return writer


def pipe_without_reader():
    """A pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def unread_socket():
    """A stream socket whose other end never reads."""
    here, there = socket.socketpair()
    os.set_inheritable(there.fileno(), True)
    there.detach()
    fill(here.fileno())
    return here.detach()


def terminal(hangs_up):
    """A terminal that is never read, or that has gone."""
    master, slave = pty.openpty()
    os.set_inheritable(master, True)
    if hangs_up:
        os.close(master)
    return slave


KINDS = {
    "closed": lambda: None,
    "a full disk": lambda: os.open("/dev/full", os.O_WRONLY),
    "not for writing": lambda: os.open("/dev/null", os.O_RDONLY),
    "a pipe that is not read": lambda: pipe(small=True),
    "a full pipe": lambda: pipe(full=True),
    "a full pipe that does not block": lambda: pipe(full=True, blocking=False),
    "a pipe without reader": pipe_without_reader,
    "a socket that is not read": unread_socket,
    "a terminal that is not read": lambda: terminal(hangs_up=False),
    "a terminal that has gone": lambda: terminal(hangs_up=True),
}

if sys.argv[1] == "list":
    print("\n".join(KINDS))
else:
    descriptor = KINDS[sys.argv[1]]()
    if descriptor is None:
        os.close(2)
    else:
        os.dup2(descriptor, 2)
        os.close(descriptor)
    os.execv(sys.argv[2], sys.argv[2:])
