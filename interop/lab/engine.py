"""Podman or Docker, driven by its command line, which is the same for everything the lab needs."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

INTEROP = Path(__file__).resolve().parent.parent
LABEL = "bgpvip.lab"


class EngineError(Exception):
    """An engine command failed; the text is what it said."""


class Engine:
    """One container engine."""

    def __init__(self, name):
        self.name = name
        self.environment = dict(os.environ)

    def command(self, *arguments, check=True, timeout=60, text_input=None):
        """Runs `podman ARGUMENTS...` and returns the completed process.

        Not where we are: a container whose memory is used up leaves a file `oom` where Podman was started.
        """
        process = subprocess.Popen(
            [self.name, *arguments], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            stdin=subprocess.DEVNULL if text_input is None else subprocess.PIPE, start_new_session=True,
            errors="replace", cwd=tempfile.gettempdir())
        try:
            output, errors = process.communicate(text_input, timeout)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.communicate()
            raise EngineError(f"{self.name} {' '.join(arguments)}: no answer within {timeout} s") from error
        except BaseException:
            finish(process)
            raise
        if check and process.returncode != 0:
            said = (errors.strip() or output.strip())[-2000:]
            raise EngineError(f"{self.name} {' '.join(arguments)}: exit status {process.returncode}: {said}")
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def interact(self, *arguments):
        """Starts `podman ARGUMENTS...` and returns the process with input and output in pipes."""
        return subprocess.Popen(
            [self.name, *arguments], env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, start_new_session=True)

    def stream(self, *arguments):
        """Starts `podman ARGUMENTS...` and returns the process with its output in a pipe."""
        return subprocess.Popen(
            [self.name, *arguments], env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True)

    def has_image(self, image):
        """True if the image is stored here."""
        return self.command("image", "inspect", image, check=False).returncode == 0

    def adapt(self, image):
        """Makes sure that containers can be started; Podman that is refused resource limits gets containers.conf."""
        probe = ("run", "--rm", "--label", LABEL, "--network", "none", image, "true")
        first = self.command(*probe, check=False, timeout=120)
        if first.returncode == 0:
            return
        if self.name == "podman":
            self.environment["CONTAINERS_CONF"] = str(INTEROP / "containers.conf")
            if self.command(*probe, check=False, timeout=120).returncode == 0:
                return
        raise EngineError(f"{self.name} cannot start a container: {first.stderr.strip()}")

    def clean(self):
        """Removes every container, network and dangling image that carries the lab's label."""
        # Containers that live in another one's network namespace go first.
        for label in (f"{LABEL}=guest", LABEL):
            containers = self.command("ps", "-aq", "--filter", f"label={label}").stdout.split()
            if containers:
                self.command("kill", *containers, check=False)
                self.command("rm", "-f", *containers, timeout=120)
        networks = self.command("network", "ls", "-q", "--filter", f"label={LABEL}").stdout.split()
        if networks:
            self.command("network", "rm", *networks)
        self.command("image", "prune", "-f", "--filter", f"label={LABEL}", check=False, timeout=120)


def finish(process):
    """Lets an interrupted engine command end by itself: killed half-way it would leave things that are never found."""
    try:
        process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def choose():
    """The engine that ENGINE names, or the first that works."""
    wanted = os.environ.get("ENGINE")
    candidates = [wanted] if wanted else ["podman", "docker"]
    said = []
    for name in candidates:
        if shutil.which(name) is None:
            said.append(f"{name} is not installed")
            continue
        answer = subprocess.run([name, "info"], capture_output=True, text=True, timeout=60, check=False)
        if answer.returncode == 0:
            return Engine(name)
        said.append(f"{name} does not work: {answer.stderr.strip()[-300:]}")
    raise EngineError("no container engine: " + "; ".join(said))
