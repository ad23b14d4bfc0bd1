"""A server as an operator has it: a shell in a node's network, with files and a Podman of its own."""

import os
import shutil
import subprocess
import tempfile

from lab.engine import EngineError
from lab.waiting import expect

# What is written there is gone with the server; the rest is this machine's.
OVERLAID = ("etc", "root", "usr/local")
EMPTY = ("run", "dev/shm", "var/lib/containers")
# What of this process's environment counts there: how to find programs, and how Podman works on this machine.
INHERITED = ("PATH", "CONTAINERS_CONF")
SETUP = """\
set -e
mount -t tmpfs tmpfs {work}
for directory in {overlaid}; do
    mkdir -p {work}/$directory.new {work}/$directory.work
    mount -t overlay overlay -o lowerdir=/$directory,upperdir={work}/$directory.new,workdir={work}/$directory.work /$directory
done
for directory in {empty}; do mount -t tmpfs tmpfs /$directory; done
mkdir -p /etc/kubernetes/manifests /etc/bgpvip
echo ready
# The end of the run, however it comes, is the end of its input.
cat > /dev/null
podman pod rm --force --all --time 0 > /dev/null 2>&1
podman rm --force --all --time 0 > /dev/null 2>&1
"""


def door(host):
    """The beginning of a command that runs on a host of the lab, in all of its namespaces."""
    pid = host.engine.command("inspect", "--format", "{{.State.Pid}}", host.container).stdout.strip()
    return ["nsenter", f"--target={pid}", "--mount", "--net", "--uts", "--ipc", "--pid"]


class Site:
    """One server; a context, because it ends with its shell."""

    def __init__(self, engine, host, home):
        self.engine = engine
        self.host = host
        self.home = home
        self.environment = {"HOME": "/root"} | {
            name: value for name, value in engine.environment.items() if name in INHERITED}
        self.work = None
        self.holder = None

    def __enter__(self):
        expect(self.engine.name == "podman" and os.geteuid() == 0, "this needs Podman as root")
        pid = self.engine.command("inspect", "--format", "{{.State.Pid}}", self.host.container).stdout.strip()
        self.work = tempfile.mkdtemp()
        setup = SETUP.format(work=self.work, overlaid=" ".join(OVERLAID), empty=" ".join(EMPTY))
        self.holder = subprocess.Popen(
            ["nsenter", f"--net=/proc/{pid}/ns/net", f"--uts=/proc/{pid}/ns/uts", "unshare", "--mount", "--propagation",
             "private", "sh", "-c", setup], env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, start_new_session=True)
        expect(self.holder.stdout.readline() == "ready\n", f"no server could be made of {self.host.name}")
        return self

    def __exit__(self, *_):
        self.holder.stdin.close()
        self.holder.wait()
        shutil.rmtree(self.work, ignore_errors=True)

    @property
    def door(self):
        """The beginning of a command that runs on the server."""
        return ["nsenter", f"--target={self.holder.pid}", "--mount", "--net", "--uts"]

    def run(self, script, check=True, timeout=120):
        """Runs a shell script in the home directory and returns what it printed, errors included."""
        # There, because a directory of this side of the door may lie under another one of the other side.
        command = [*self.door, "sh", "-ec", f"cd {self.home}\n{script}"]
        try:
            done = subprocess.run(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"{self.host.name}: {script}: no answer within {timeout} s") from error
        if check and done.returncode != 0:
            raise EngineError(f"{self.host.name}: {script}: exit status {done.returncode}: {done.stdout.strip()[-2000:]}")
        return done.stdout

    def load(self, image):
        """Brings an image of this machine to the server."""
        with tempfile.TemporaryDirectory() as directory:
            self.engine.command("save", "--quiet", "--output", f"{directory}/image.tar", image, timeout=120)
            self.run(f"podman load --quiet --input {directory}/image.tar")

    def install(self, image):
        """Puts the program of an image of this machine where the server's PATH leads."""
        container = self.engine.command("create", image).stdout.split()[-1]
        try:
            with tempfile.TemporaryDirectory() as directory:
                self.engine.command("cp", f"{container}:/usr/bin/bgpvip", f"{directory}/bgpvip")
                self.run(f"install {directory}/bgpvip /usr/local/bin/")
        finally:
            self.engine.command("rm", container, check=False)

    def write(self, path, text, mode="644"):
        """Writes a file."""
        self.run(f"cat > {path} <<'END'\n{text}END\nchmod {mode} {path}")
