"""A run of the lab from clean to clean, whatever happens in between."""

import contextlib
import fcntl
import signal
import sys

from lab import images
from lab.engine import EngineError, choose
from lab.evidence import ARTEFACTS
from lab.topology import Lab
from lab.waiting import Failed


class Interrupted(BaseException):
    """The user or the system asked the run to end."""


def interrupt(number, frame):
    """Signal handler: unwinds to the cleaning."""
    raise Interrupted(signal.Signals(number).name)


@contextlib.contextmanager
def opened_lab(keep=False):
    """A lab with images built and links made; it is taken down at the end unless `keep`."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    ARTEFACTS.mkdir(exist_ok=True)
    with open(ARTEFACTS / ".lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run uses the lab; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        engine = choose()
        try:
            engine.clean()
            product = images.prepare(engine, say)
            lab = Lab(engine, product)
            lab.up()
            yield lab
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            if keep:
                say("the lab stays up; the next run removes it")
            else:
                engine.clean()


def say(text):
    """A line about what is going on."""
    print(f"# {text}", file=sys.stderr, flush=True)


def alone(act):
    """Runs `act` with a lab of its own; returns the exit status: what `act` returns, or 1 if it does not come to its end."""
    try:
        with opened_lab() as lab:
            return act(lab)
    except (EngineError, Failed, OSError) as error:
        say(f"ended early: {error}")
    except Interrupted as stopped:
        say(f"stopped by {stopped}")
    return 1
