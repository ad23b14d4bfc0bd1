"""Runs a program, in place of this process, some of whose system calls fail or do not return, as the file SWITCH says:

    hang           none of them returns, until the file is gone
    EAGAIN         all of them fail with this error
    ENOBUFS 7      the seventh since the start fails

A second process decides about each call (seccomp_unotify(2)); it ends with the program, and writes to SWITCH.count how many
there were. x86_64.
Usage: inject.py netlink|open|exec|fork SWITCH PROGRAM ARGUMENTS...
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import select
import socket
import struct
import sys

# Numbers on x86_64, and what the first argument must be, if anything. What is sent and received is netlink's in a program
# that uses write and read for everything else.
CALLS = {
    "netlink": [(41, socket.AF_NETLINK), (44, None), (45, None)],
    "open": [(2, None), (257, None)],
    "exec": [(59, None)],
    "fork": [(56, None), (57, None), (58, None), (435, None)],
}
SECCOMP, SET_MODE_FILTER, NEW_LISTENER, NO_NEW_PRIVS = 317, 1, 8, 38
ALLOW, NOTIFY = 0x7FFF0000, 0x7FC00000
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
RECEIVE, SEND, CONTINUE = 0xC0502100, 0xC0182101, 1


def install(calls):
    """From now on the kernel asks about these calls; returns the descriptor on which it does."""
    steps = []
    for number, first in calls:
        steps += [(LOAD, 0, 0, 0), (JUMP_EQUAL, 0, 1 if first is None else 3, number)]
        steps += [] if first is None else [(LOAD, 0, 0, 16), (JUMP_EQUAL, 0, 1, first)]
        steps += [(RETURN, 0, 0, NOTIFY)]
    steps += [(RETURN, 0, 0, ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("=H6xQ", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
    listener = libc.syscall(SECCOMP, SET_MODE_FILTER, NEW_LISTENER, program)
    if listener < 0:
        sys.exit(f"seccomp: {os.strerror(ctypes.get_errno())}")
    return listener


def wish(switch):
    """What the file says, as words."""
    with contextlib.suppress(FileNotFoundError), open(switch, encoding="ascii") as file:
        return file.read().split()
    return []


def decide(listener, switch):
    """Answers the kernel until the program has ended."""
    calls, held = 0, []
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        events = poll.poll(20)
        if any(event & select.POLLHUP for _, event in events):
            break
        if events:
            asked = bytearray(80)
            with contextlib.suppress(OSError):
                fcntl.ioctl(listener, RECEIVE, asked)
                held.append(struct.unpack_from("=Q", asked)[0])
                calls += 1
        what, *number = (wish(switch) if held else []) or [""]
        if what == "hang":
            continue
        for call in held:
            fails = what and (not number or int(number[0]) == calls)
            # A caller that has been killed needs no answer.
            with contextlib.suppress(OSError):
                fcntl.ioctl(listener, SEND, struct.pack(
                    "=QqiI", call, 0, -getattr(errno, what) if fails else 0, 0 if fails else CONTINUE))
        held = []
    with open(f"{switch}.count", "w", encoding="ascii") as file:
        file.write(str(calls))


def main():
    """Parts with the deciding process, and becomes the program."""
    call, switch, *program = sys.argv[1:]
    here, there = socket.socketpair()
    if os.fork() == 0:
        os.setsid()
        here.close()
        decide(socket.recv_fds(there, 1, 1)[1][0], switch)
        os._exit(0)
    there.close()
    listener = install(CALLS[call])
    socket.send_fds(here, [b"x"], [listener])
    os.close(listener)
    here.close()
    os.execvp(program[0], program)


main()
