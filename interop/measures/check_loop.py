"""The check script of programs that have none of their own: checks a URL, and runs a command when the verdict changes.

    check_loop.py PORT PATH INTERVAL UP... -- DOWN...

It imports as little as possible: its memory counts for the program. A command is tried again every 100 ms until it
succeeds: the program may not be up yet.
"""

import os
import socket
import sys
import time


def is_healthy(port, request):
    """One check over a new connection, with a limit of one second."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.settimeout(1)
            connection.sendall(request)
            return connection.recv(512)[9:12] == b"200"
    except OSError:
        return False


def run(command):
    """Runs a command without its output; its status."""
    silence = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
    return os.waitpid(os.posix_spawnp(command[0], command, os.environ, file_actions=silence), 0)[1]


def main():
    """Checks on a fixed schedule, whatever a check takes. The first verdict counts only if it is good."""
    port, path, interval, *commands = sys.argv[1:]
    middle = commands.index("--")
    commands = {True: commands[:middle], False: commands[middle + 1:]}
    request = f"GET {path} HTTP/1.0\r\n\r\n".encode()
    verdict, due = False, time.monotonic()
    while True:
        healthy = is_healthy(int(port), request)
        if healthy != verdict:
            verdict = healthy
            while run(commands[verdict]):
                time.sleep(0.1)
        due = max(due + float(interval), time.monotonic())
        time.sleep(max(0, due - time.monotonic()))


if __name__ == "__main__":
    main()
