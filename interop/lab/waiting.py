"""What scenarios use to state what must hold, now or soon."""

import threading
import time

# Set when the run is being stopped: whoever still waits, in whatever thread, gives up.
STOPPING = threading.Event()


class Failed(Exception):
    """What a scenario expected did not hold."""


class Missing(Exception):
    """What a scenario needs is not on this machine; says how to get it."""


def expect(holds, message):
    """Fails the scenario with `message` unless `holds`."""
    if not holds:
        raise Failed(message)


def expect_equal(actual, expected, what):
    """Fails the scenario unless both are equal."""
    expect(actual == expected, f"{what} is {actual!r}, expected {expected!r}")


def eventually(what, probe, seconds=20, pause=0.1):
    """Asks `probe` until it returns something true, and returns that; fails the scenario after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds} s")
        if STOPPING.wait(pause):
            raise Failed(f"{what}: the run is being stopped")
