"""Network namespaces of the bench, told from all others by their prefix."""

import contextlib
import ctypes
import os
import signal
import subprocess
from pathlib import Path

from lab.waiting import Failed

PREFIX = "bgpvip-bench"
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def ip(*arguments, text=None):
    """Runs `ip ARGUMENTS...` and returns what it printed."""
    done = subprocess.run(["ip", *arguments], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def batch(namespace, *lines):
    """Runs many commands of `ip` at once."""
    ip("-n", namespace, "-batch", "-", text="\n".join(lines) + "\n")


def add_namespace(name):
    """Makes a namespace that speaks IPv4 only, with its loopback up."""
    ip("netns", "add", name)
    with inside(name):
        for setting, value in (("ipv6/conf/all/disable_ipv6", "1"), ("ipv4/conf/all/rp_filter", "0"),
                               ("ipv6/conf/default/disable_ipv6", "1"), ("ipv4/conf/default/rp_filter", "0")):
            with contextlib.suppress(OSError):
                Path(f"/proc/sys/net/{setting}").write_text(value, encoding="ascii")
    ip("-n", name, "link", "set", "lo", "up")


def remove_namespaces():
    """Removes every namespace of ours, with what still runs in it; their links go with them."""
    for line in ip("netns", "list").splitlines():
        name = line.split()[0]
        if name.startswith(f"{PREFIX}-"):
            for pid in ip("netns", "pids", name).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            ip("netns", "delete", name)


@contextlib.contextmanager
def inside(namespace):
    """Puts this thread into a network namespace, for what it opens or starts there."""
    with open("/proc/thread-self/ns/net", "rb") as home, open(f"/run/netns/{namespace}", "rb") as there:
        enter(there)
        try:
            yield
        finally:
            enter(home)


def enter(namespace):
    """Python has os.setns only from 3.12 on."""
    if LIBC.setns(ctypes.c_int(namespace.fileno()), ctypes.c_int(CLONE_NEWNET)) != 0:
        raise OSError(ctypes.get_errno(), "setns failed")
